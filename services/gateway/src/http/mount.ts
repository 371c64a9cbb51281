import type { CallOptions } from '@kinora/common/bus'
import { AppError } from '@kinora/common/errors'
import type { Express, Request, RequestHandler, Response } from 'express'
import type { z } from 'zod'
import { type Ask, throughCookie } from '../browser-session/through-cookie.ts'
import type { Context } from '../context.ts'
import { isNotModified } from '../playback/conditional-request.ts'
import { countedByDevice, countedByInput } from '../rate-limit/policies.ts'
import { type Route, type RpcRoute, takesIdempotencyKey, type Verb } from '../routes/route.ts'
import { readInput } from './read-input.ts'
import { allowedRevisions, IF_REVISION, revisionTag } from './revision-tags.ts'

/** Gives Express the rows of the route tables; a known address with another method is answered 405. */
export function mount(app: Express, routes: readonly Route[], ctx: Context): void {
  for (const path of new Set(routes.map((route) => route.path))) {
    const rows = routes.filter((route) => route.path === path)
    const address = app.route(path)
    for (const row of rows) address[row.method](handlerOf(row, ctx))
    address.all(refuseMethod(rows.map((row) => row.method)))
  }
}

function handlerOf(row: Route, ctx: Context): RequestHandler {
  const handle = 'rpc' in row ? rpcHandler(row, ctx) : row.handle(ctx)
  return async (req, res) => {
    res.locals.route = row.path
    const caller = await ctx.admission.admit(req, res, row)
    await handle(req, res, caller).catch((error: unknown) => {
      throw caller.rolesUnknown && isHidden(error) ? rolesUnknown(error) : error
    })
  }
}

function isHidden(error: unknown): boolean {
  return error instanceof AppError && (error.status === 403 || error.status === 404)
}

/** The same for what does not exist and for what may be in a project of the caller. */
function rolesUnknown(cause: unknown): AppError {
  const detail = 'Your roles in projects cannot be looked up now'
  return new AppError('DEPENDENCY_UNAVAILABLE', { detail, retryAfterMs: 1000, cause })
}

function rpcHandler(row: RpcRoute, ctx: Context): ReturnType<Exclude<Route, RpcRoute>['handle']> {
  if (takesIdempotencyKey(row)) return keyedHandler(row, ctx)
  const { rpc, status, ends, cookie, conditional } = row
  const changes = conditional && row.method !== 'get'
  const relayed: Ask = async (req, res, call, given = {}) => {
    const condition = changes && { [IF_REVISION]: allowedRevisions(req.headers) }
    const input = await readInput(req, res, rpc.input, { ...given, ...condition })
    return await relay(row, ctx, { req, res, input, call })
  }
  const ask = cookie ? throughCookie(relayed, cookie, ctx.cookieSessions) : relayed
  return async (req, res, { call }) => {
    const output = await ask(req, res, call)
    if (ends) ctx.revocations.ended(JSON.parse(output.toString()).sessionId, ends)
    if (status === 204) res.status(204).end()
    else if (conditional) sendTagged(req, res, output)
    else sendJsonText(res, statusOf(row, output), output)
  }
}

/** A handler that runs a request with an `Idempotency-Key` once. */
function keyedHandler(row: RpcRoute, ctx: Context): ReturnType<Exclude<Route, RpcRoute>['handle']> {
  return async (req, res, caller) => {
    const input = await readInput(req, res, row.rpc.input)
    const { status, body, replayed } = await ctx.once(req, caller, async () => {
      const output = await relay(row, ctx, { req, res, input, call: caller.call })
      return { status: statusOf(row, output), body: output.toString() }
    })
    if (replayed) res.setHeader('Idempotent-Replayed', 'true')
    const type = status >= 400 ? 'application/problem+json' : JSON_TYPE
    sendJsonText(res, status, Buffer.from(body), type)
  }
}

interface Relayed {
  req: Request
  res: Response
  input: Record<string, unknown>
  call: CallOptions
}

async function relay({ rpc, limit, countedBy }: RpcRoute, ctx: Context, relayed: Relayed): Promise<Buffer> {
  const { req, res, input, call } = relayed
  const counted = countedBy && countedByInput(limit, countedBy, input)
  if (counted) await ctx.admission.count(res, await countedByDevice(ctx.rpc, req, input, counted))
  return await ctx.relay(rpc, input, call)
}

function statusOf({ status, instead }: RpcRoute, output: Buffer): number {
  return instead && isIt(instead.output, output) ? instead.status : status
}

function sendTagged(req: Request, res: Response, output: Buffer): void {
  const tag = revisionTag(output)
  res.setHeader('ETag', tag)
  if (req.method !== 'PATCH' && isNotModified(req.headers, tag)) res.status(304).end()
  else sendJsonText(res, 200, output)
}

function isIt(schema: z.ZodType, json: Buffer): boolean {
  return schema.safeParse(JSON.parse(json.toString())).success
}

export function sendJson(res: Response, status: number, value: unknown): void {
  sendJsonText(res, status, Buffer.from(JSON.stringify(value)))
}

const JSON_TYPE = 'application/json; charset=utf-8'

/** Bytes as Latin-1 are the same bytes, and Node sends a string together with the head in one write, a Buffer apart. */
function sendJsonText(res: Response, status: number, json: Buffer, type = JSON_TYPE): void {
  res.statusCode = status
  res.setHeader('Content-Type', type)
  res.setHeader('Content-Length', json.length)
  res.end(json.toString('latin1'), 'latin1')
}

function refuseMethod(verbs: Verb[]): RequestHandler {
  const methods = verbs.map((verb) => verb.toUpperCase())
  const allow = [...methods, ...(verbs.includes('get') ? ['HEAD'] : []), 'OPTIONS'].join(', ')
  return (_req, res) => {
    res.setHeader('Allow', allow)
    throw new AppError('METHOD_NOT_ALLOWED')
  }
}
