import type { Problem } from './api-types.ts'

/** Longer than the gateway's own deadlines: an answer that takes so long is a hang. */
const HANG_MS = 30_000

export type Answer<T = unknown> = { status: number; headers: Headers; body: T }

export type RequestOptions = {
  json?: unknown
  /** Sent as it is; exclusive with `json`. */
  body?: string | Buffer
  headers?: Record<string, string>
}

export type Identity = {
  accessToken?: string | undefined
  /** Where the request seems to come from, for a gateway that believes this machine's X-Forwarded-For. */
  address?: string
}

export type Client = {
  readonly baseUrl: string
  /** `Authorization` and the like. */
  readonly headers: Record<string, string>
  /** The same server, as somebody else; without a token, as nobody. */
  as(accessToken?: string): Client
  /** The same caller at another gateway. */
  at(baseUrl: string): Client
  /** Whatever is answered, also a refusal. The body is parsed where it is JSON, else text. */
  send(method: string, path: string, options?: RequestOptions): Promise<Answer>
  /** The body of a 2xx answer; throws `Refused` for any other. */
  call<T>(method: string, path: string, json?: unknown): Promise<T>
  /** The problem of a refusal; throws when the request was not refused. */
  refusal(method: string, path: string, options?: RequestOptions): Promise<Answer<Problem>>
}

export class Refused extends Error {
  readonly status: number
  readonly code: string | undefined

  constructor(request: string, { status, body }: Answer) {
    super(`${request} answered ${status}: ${typeof body === 'string' ? body : JSON.stringify(body)}`)
    this.name = 'Refused'
    this.status = status
    this.code = (body as Partial<Problem> | null)?.code
  }
}

export function createClient(baseUrl: string, identity: Identity = {}): Client {
  const { accessToken, address } = identity
  const headers = {
    ...(accessToken && { authorization: `Bearer ${accessToken}` }),
    ...(address && { 'x-forwarded-for': address }),
  }

  async function send(method: string, path: string, options: RequestOptions = {}): Promise<Answer> {
    const { json, body } = options
    const answer = await fetch(new URL(path, baseUrl), {
      method,
      headers: {
        ...headers,
        ...(json !== undefined && { 'content-type': 'application/json' }),
        ...options.headers,
      },
      signal: AbortSignal.timeout(HANG_MS),
      ...(json === undefined ? body !== undefined && { body } : { body: JSON.stringify(json) }),
    })
    return { status: answer.status, headers: answer.headers, body: await readBody(answer) }
  }

  return {
    baseUrl,
    headers,
    as: (token) => createClient(baseUrl, { ...identity, accessToken: token }),
    at: (otherUrl) => createClient(otherUrl, identity),
    send,
    async call<T>(method: string, path: string, json?: unknown) {
      const answer = await send(method, path, { json })
      if (!isSuccess(answer)) throw new Refused(`${method} ${path}`, answer)
      return answer.body as T
    },
    async refusal(method, path, options) {
      const answer = await send(method, path, options)
      if (isSuccess(answer)) throw new Error(`${method} ${path} was not refused: ${answer.status}`)
      return answer as Answer<Problem>
    },
  }
}

function isSuccess({ status }: Answer): boolean {
  return status >= 200 && status < 300
}

async function readBody(answer: Response): Promise<unknown> {
  const text = await answer.text()
  if (text === '') return null
  return /\bjson\b/.test(answer.headers.get('content-type') ?? '') ? JSON.parse(text) : text
}
