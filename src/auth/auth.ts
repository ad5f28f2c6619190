// The auth port: request -> owner.

/** Who asks. `operator` sees every owner's originals; anyone else only their own. */
export interface Identity {
  owner: string
  operator: boolean
}

export interface Auth {
  readonly name: string
  /** `undefined`: nobody we know; the API answers 401. */
  identify(request: Request): Promise<Identity | undefined>
}
