import type { Method } from '@kinora/common/contract'
import type { RevocationReason } from '@kinora/common/contracts'
import type { ErrorCode } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { AdmissionRule, Caller } from '../http/admission.ts'
import type { HeaderName } from '../http/openapi-headers.ts'
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
  /** It ends the session that its output names, for this reason. */
  ends?: RevocationReason
  /** What may be answered instead, and under which status. */
  instead?: { output: z.ZodType; status: 202 }
}

/** One answer of a hand-written route; the headers are those that it sends besides the ones of every route. */
interface Answer {
  description: string
  content?: Record<string, z.ZodType | 'binary' | 'text'>
  headers?: readonly HeaderName[]
}

/** A request or an answer that is not JSON; what a contract says for others is said here by hand. */
export interface HandRoute extends RouteBase {
  /** What a generated client calls it. */
  name: string
  summary: string
  params?: z.ZodObject
  query?: z.ZodObject
  headers?: z.ZodObject
  requestBody?: { description: string; contentType: string; binary: boolean }
  answers: Record<number, Answer>
  errors: readonly ErrorCode[]
  handle: (ctx: Context) => (req: Request, res: Response, caller: Caller) => Promise<void>
}

export type Route = RpcRoute | HandRoute
