import { AppError } from '@kinora/common/errors'
import type { Express, RequestHandler, Response } from 'express'
import type { z } from 'zod'
import { type Ask, throughCookie } from '../browser-session/through-cookie.ts'
import type { Context } from '../context.ts'
import { countedByDevice, countedByInput } from '../rate-limit/policies.ts'
import type { Route, RpcRoute, Verb } from '../routes/route.ts'
import { readInput } from './read-input.ts'

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

function rpcHandler(
  { rpc, limit, status, instead, ends, cookie, countedBy }: RpcRoute,
  ctx: Context,
): ReturnType<Exclude<Route, RpcRoute>['handle']> {
  const relayed: Ask = async (req, res, call, given) => {
    const input = await readInput(req, res, rpc.input, given)
    const counted = countedBy && countedByInput(limit, countedBy, input)
    if (counted) await ctx.admission.count(res, await countedByDevice(ctx.rpc, req, input, counted))
    return await ctx.relay(rpc, input, call)
  }
  const ask = cookie ? throughCookie(relayed, cookie, ctx.cookieSessions) : relayed
  return async (req, res, { call }) => {
    const output = await ask(req, res, call)
    if (ends) ctx.revocations.ended(JSON.parse(output.toString()).sessionId, ends)
    if (status === 204) res.status(204).end()
    else sendJsonText(res, instead && isIt(instead.output, output) ? instead.status : status, output)
  }
}

function isIt(schema: z.ZodType, json: Buffer): boolean {
  return schema.safeParse(JSON.parse(json.toString())).success
}

export function sendJson(res: Response, status: number, value: unknown): void {
  sendJsonText(res, status, Buffer.from(JSON.stringify(value)))
}

/** Bytes as Latin-1 are the same bytes, and Node sends a string together with the head in one write, a Buffer apart. */
function sendJsonText(res: Response, status: number, json: Buffer): void {
  res.statusCode = status
  res.setHeader('Content-Type', 'application/json; charset=utf-8')
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
