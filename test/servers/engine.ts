// What a test may do to the engine behind a queue: stop it, start it, empty it.

export interface EngineServer {
  /** As THUMBSMITH_QUEUE names it. */
  url: string
  start(): Promise<void>
  /** Ends the server; what it had accepted is there again after `start`. */
  stop(): Promise<void>
  /** Ends the connection by which this member of a cluster speaks, as a network would. */
  cutOff(instance: string): Promise<void>
  /** Forgets everything. */
  flush(): Promise<void>
  /** Ends the server and removes what it wrote. */
  close(): Promise<void>
}
