// What the API is a function of: the ports it stands on, and what each request carries along.
import type { OpenAPIHono } from '@hono/zod-openapi'
import type { Auth, Identity } from '../auth/auth.ts'
import type { Catalogue } from '../catalogue.ts'
import type { AdmitsSns, BucketEvent } from '../event/event.ts'
import type { Feed } from '../feed.ts'
import type { Preset } from '../preset.ts'
import type { Log } from '../road.ts'
import type { Rule } from '../rule.ts'
import type { DownloadOptions, ObjectHead, Storage } from '../storage/storage.ts'
import type { RateLimit } from './throttle.ts'

export interface Services {
  version: string
  rules: Rule[]
  presets: Record<string, Preset>
  limits: { uploadMaxBytes: number; ticketSeconds: number; linkSeconds: number; tiff?: boolean }
  auth: Auth
  originals: Storage
  renditions: Storage
  catalogue: Catalogue
  /** `undefined`: no live events here; clients poll. */
  feed: Feed | undefined
  ready(): Promise<{ ok: boolean; problems: string[] }>
  log: Log
  origins: {
    /** The addresses that people use, as origins: requests under any other Host are refused. */
    own: string[]
    /** Other sites whose pages may call the API. */
    allowed: string[]
    /** Where the stores' signed links lead to, if not to ourselves: the dashboard may load from and send to them. */
    stores?: string[]
  }
  /** Stores whose signed links lead to ourselves. `onStored` is told of every upload as soon as its bytes are safe. */
  blobs?: Partial<Record<StoreName, { access: BlobAccess; onStored?: (key: string) => void }>>
  /** Takes events that stores send; `undefined`: nobody sends any. `secret` and `admitsSns` are the two ways to be known. */
  storeEvents?:
    | {
        secret?: string | undefined
        admitsSns?: AdmitsSns | undefined
        /** Rejects where the event could not be kept. */
        onEvent(event: BucketEvent): Promise<void>
      }
    | undefined
  /** Bounds how fast one owner gets tickets; `undefined`: no bound. */
  rateLimit?: RateLimit | undefined
  /** A file of the dashboard by its path, e.g. `index.html` or `assets/index-1a2b.js`. */
  dashboard?: ((path: string) => Asset | undefined) | undefined
  /** A file that titles are drawn with, by its package path, e.g. `canvaskit-wasm/bin/canvaskit.wasm`: for proofs in the dashboard. */
  packages?: ((path: string) => Promise<Asset | undefined>) | undefined
}

export type StoreName = 'originals' | 'renditions'

/** The HTTP side of a store: it checks the signatures that it gave out. */
export interface BlobAccess {
  acceptPost(fields: Iterable<[string, string]>, file: AsyncIterable<Uint8Array>): Promise<ObjectHead>
  acceptPut(key: string, query: URLSearchParams, headers: Headers, body: AsyncIterable<Uint8Array>): Promise<ObjectHead>
  verifyDownload(key: string, query: URLSearchParams): DownloadOptions
}

export interface Asset {
  contentType: string
  body: Uint8Array<ArrayBuffer>
  /** The same, compressed beforehand. */
  br?: Uint8Array<ArrayBuffer> | undefined
  gzip?: Uint8Array<ArrayBuffer> | undefined
}

export interface ApiEnv {
  Variables: {
    requestId: string
    /** Which of our own origins the request came to; `undefined` under a Host that is not ours. */
    origin: string | undefined
    identity: Identity
  }
}

export type Api = OpenAPIHono<ApiEnv>
