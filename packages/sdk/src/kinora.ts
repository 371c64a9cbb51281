import createClient, { type Client } from 'openapi-fetch'
import { type Credential, createTransport } from './transport.ts'
import type { paths } from './types.ts'
import { Videos } from './videos.ts'

export interface KinoraOptions {
  /** Address of the gateway: `https://videos.example.com`. */
  url: string | URL
  /** An access token, an API key (`knr_…`), or a function that returns one; after a 401 it is called with the refusal. */
  token?: Credential
  /** Milliseconds that an answer may take: 30,000 unless given. */
  timeoutMs?: number
  /** How often a request is sent again after 429, 503 or a lost connection, if it is idempotent: 3 times unless given. */
  maxRetries?: number
  /** Instead of the global `fetch`. */
  fetch?: (request: Request) => Promise<Response>
}

/** A client of one Kinora installation. */
export class Kinora {
  readonly videos: Videos
  /** Every operation of the API, typed by its OpenAPI document. Throws `KinoraError` instead of returning `error`. */
  readonly api: Client<paths>

  constructor({ url, token, timeoutMs = 30_000, maxRetries = 3, fetch }: KinoraOptions) {
    const baseUrl = new URL(url).href.replace(/\/?$/, '/')
    const transport = createTransport({ credential: token, timeoutMs, maxRetries, fetch })
    this.api = createClient<paths>({ baseUrl, fetch: transport.send })
    this.videos = new Videos(this.api, transport, baseUrl)
  }
}
