import { AppError } from '@kinora/common/errors'
import express, { type Request, type Response } from 'express'
import { invite } from './unread-body.ts'

const LIMIT = '100kb'
const TIME_MS = 10_000
/** No request of ours is deeper than a few levels; what comes out of this may be walked without fear for the stack. */
const MAX_DEPTH = 16

const parse = express.json({ limit: LIMIT, inflate: false, strict: false, type: 'application/json' })

/**
 * The JSON body of a request; `{}` where there is none. Throws `UNSUPPORTED_MEDIA_TYPE` for anything else, body-parser's
 * errors, `REQUEST_TIMEOUT` for a body that trickles in, `VALIDATION_FAILED` for one that is nested too deeply.
 */
export async function readJson(req: Request, res: Response): Promise<unknown> {
  if (!hasBody(req)) return {}
  if (!req.is('application/json')) {
    throw new AppError('UNSUPPORTED_MEDIA_TYPE', { detail: 'The body must be application/json' })
  }
  invite(req, res)
  await parseInTime(req, res)
  const body: unknown = req.body
  if (isDeeperThan(MAX_DEPTH, body)) {
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: '', message: 'Nested too deeply' }] })
  }
  return body
}

/** RFC 9112 section 6.3: without either header a request has no body. */
function hasBody(req: Request): boolean {
  return req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0
}

function parseInTime(req: Request, res: Response): Promise<void> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new AppError('REQUEST_TIMEOUT')), TIME_MS)
    parse(req, res, (error?: unknown) => {
      clearTimeout(timer)
      if (error) reject(error)
      else resolve()
    })
  })
}

function isDeeperThan(depth: number, value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false
  return depth === 0 || Object.values(value).some((inner) => isDeeperThan(depth - 1, inner))
}
