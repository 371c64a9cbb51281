import type { Method } from '@kinora/common/contract'
import type { RevocationReason } from '@kinora/common/contracts'
import type { ErrorCode } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { CookieUse } from '../browser-session/through-cookie.ts'
import type { Context } from '../context.ts'
import type { AdmissionRule, Caller } from '../http/admission.ts'
import { FILE_HEADERS, type HeaderName, TEXT_HEADERS } from '../http/openapi-headers.ts'
import type { CountedField } from '../rate-limit/policies.ts'

/** The chapters of the API's description, in the order in which a reader meets them. */
export const TAGS = {
  Videos: 'Create, find, change and delete videos, and follow the work on them.',
  Uploads: 'Send the source of a video: in one request, or resumable over several (tus 1.0.0, or the IETF draft).',
  'Upload links':
    'Links by which visitors without an account upload to a project; what they take, and what came by them.',
  Captions: 'Captions and chapters: timed text that runs along with a video.',
  Watermarks: 'A picture that is burnt into a video when it is encoded.',
  'Playback links': 'Tokens that let whoever holds the link play a private video for a limited time.',
  'Playback keys': 'Public keys of your servers, which sign playback tokens themselves, without a call per viewer.',
  Playback: 'What players fetch: HLS playlists and segments, posters, thumbnails, captions and downloads.',
  Webhooks: 'HTTP requests that tell your server what happens to your videos, signed as in Standard Webhooks.',
  Usage: 'How much storage, time and work a project uses, and what its limits are.',
  Accounts: 'Register, sign in, and see, change, export or delete the own account.',
  'Passwords and e-mail': 'Change or reset a password and confirm an e-mail address.',
  Sessions: 'Renew access tokens, list the sessions of an account and end them.',
  'Second factor': 'Authenticator apps (TOTP), recovery codes, and the second step of a sign-in.',
  Passkeys: 'Add and remove passkeys (WebAuthn), and sign in with one instead of a password.',
  Projects: 'What owns videos, webhooks and API keys; the people who work in it, and invitations to it.',
  'API keys': 'Keys with which programs act for an account.',
  'Audit log': 'What happened to accounts, when, and on whose request.',
  Administration: 'Accounts, service accounts, limits and failed messages; for administrators.',
  System: 'Health of the gateway, and the public keys that access tokens are signed with.',
} as const
export type Tag = keyof typeof TAGS

export type Verb = 'get' | 'head' | 'post' | 'put' | 'patch' | 'delete'

interface RouteBase extends AdmissionRule {
  method: Verb
  /** Express syntax: `/v1/videos/:videoId`. Parameters have the names of the fields that they fill. */
  path: string
  /** Its chapter in the description of the API. */
  tag: Tag
}

/** Parameters, query and JSON body become one input of one method; its output is the answer. */
export interface RpcRoute extends RouteBase {
  rpc: Method
  status: 200 | 201 | 202 | 204
  /** The refresh token may travel in a cookie instead of a body; see `browser-session/through-cookie.ts`. */
  cookie?: CookieUse
  /** Field of the input that is counted besides the caller, by the rule that the policy has for it. */
  countedBy?: CountedField
  /** It ends the session that its output names, for this reason. */
  ends?: RevocationReason
  /** Whether it takes an `Idempotency-Key`. Default: a POST of a signed-in caller that is answered 201; see `idempotency/once.ts`. */
  idempotencyKey?: boolean
  /** Its answer has an ETag with its `revision`: GET takes `If-None-Match`, PATCH and DELETE take `If-Match`. */
  conditional?: true
  /** What may be answered instead, and under which status. */
  instead?: { output: z.ZodType; status: 202 }
}

export function takesIdempotencyKey({ idempotencyKey, method, auth, status }: RpcRoute): boolean {
  const isSignedIn = auth !== 'optional' && auth !== 'none'
  return idempotencyKey ?? (method === 'post' && isSignedIn && status === 201)
}

/** One answer of a hand-written route; the headers are those that it sends besides the ones of every route. */
export interface Answer {
  description: string
  content?: Record<string, z.ZodType | 'binary' | 'text'>
  headers?: readonly HeaderName[]
}

/** A request or an answer that is not JSON; what a contract says for others is said here by hand. */
export interface HandRoute extends RouteBase {
  /** What a generated client calls it. */
  name: string
  summary: string
  /** What the summary leaves out, for readers of the API reference. */
  description?: string
  params?: z.ZodObject
  query?: z.ZodObject
  headers?: z.ZodObject
  requestBody?: { description: string; contentType: string; orType?: string; binary: boolean; isOptional?: true }
  answers: Record<number, Answer>
  errors: readonly ErrorCode[]
  handle: (ctx: Context) => (req: Request, res: Response, caller: Caller) => Promise<void>
}

export type Route = RpcRoute | HandRoute

/** These rows, all in one chapter. */
export function tagged(tag: Tag, rows: readonly (Omit<RpcRoute, 'tag'> | Omit<HandRoute, 'tag'>)[]): Route[] {
  return rows.map((row) => ({ ...row, tag }))
}

type Content = NonNullable<Answer['content']>

/** What `sendStoredFile` may answer: the file, a range of it, or that the client has it already. */
export function fileAnswers(
  description: string,
  content: Content,
  more: readonly HeaderName[] = [],
): Record<number, Answer> {
  const headers = [...FILE_HEADERS, ...more]
  return {
    200: { description, headers, content },
    206: { description: 'The requested byte range', headers: [...headers, 'Content-Range'], content },
    304: { description: 'Not modified', headers },
  }
}
export const FILE_ERRORS = [
  'FILE_NOT_FOUND',
  'RANGE_NOT_SATISFIABLE',
  'BANDWIDTH_LIMITED',
  'CONCURRENCY_LIMITED',
] as const satisfies ErrorCode[]

/** What `sendText` may answer. */
export function textAnswers(description: string, content: Content): Record<number, Answer> {
  return {
    200: { description, headers: TEXT_HEADERS, content },
    304: { description: 'Not modified', headers: TEXT_HEADERS },
  }
}
