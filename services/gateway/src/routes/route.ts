import type { Method } from '@kinora/common/contract'
import type { RevocationReason } from '@kinora/common/contracts'
import type { ErrorCode } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { CookieUse } from '../browser-session/through-cookie.ts'
import type { Context } from '../context.ts'
import type { AdmissionRule, Caller } from '../http/admission.ts'
import type { HeaderName } from '../http/openapi-headers.ts'
import type { CountedField } from '../rate-limit/policies.ts'
import type { Tag } from './tags.ts'

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
  /** What may be answered instead, and under which status. */
  instead?: { output: z.ZodType; status: 202 }
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
  requestBody?: { description: string; contentType: string; binary: boolean }
  answers: Record<number, Answer>
  errors: readonly ErrorCode[]
  handle: (ctx: Context) => (req: Request, res: Response, caller: Caller) => Promise<void>
}

export type Route = RpcRoute | HandRoute

/** These rows, all in one chapter. */
export function tagged(tag: Tag, rows: readonly (Omit<RpcRoute, 'tag'> | Omit<HandRoute, 'tag'>)[]): Route[] {
  return rows.map((row) => ({ ...row, tag }))
}
