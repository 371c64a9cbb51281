import { randomUUID } from 'node:crypto'
import type { Logger } from '@kinora/common/service'
import type { Request, Response } from 'express'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * One line for each request: who, what, how it ended and how long it took. Never a header, a body or a query string,
 * and no playback token, which stands in the path.
 */
export function accessLog(logger: Logger): (req: Request, res: Response) => void {
  // What a line has is listed below, so there is nothing to look for and to cross out on each of them.
  const log = logger.child({}, { redact: [] })
  return (req, res) => {
    const started = performance.now()
    res.once('close', () => {
      const line = {
        requestId: req.id,
        method: req.method,
        path: loggablePath(req.originalUrl),
        status: res.statusCode,
        ms: Math.round(performance.now() - started),
        userId: res.locals.userId,
        apiKeyId: res.locals.apiKeyId,
      }
      const message = res.writableFinished ? 'answered' : 'client went away'
      if (res.statusCode >= 500) log.warn(line, message)
      else log.info(line, message)
    })
  }
}

/** The path without query; a playback reference that is not the id of a video is a secret. */
export function loggablePath(url: string): string {
  const path = url.split('?', 1)[0] ?? ''
  const [, root, reference, ...rest] = path.split('/')
  if (root?.toLowerCase() !== 'play' || reference === undefined || UUID.test(reference)) return path
  return ['', root, '[token]', ...rest].join('/')
}

const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/

/** Takes the caller's `X-Request-Id` where it is harmless, makes one otherwise, and echoes it. */
export function assignRequestId(req: Request, res: Response): void {
  const given = req.headers['x-request-id']
  req.id = typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID()
  res.setHeader('X-Request-Id', req.id)
}

declare global {
  namespace Express {
    interface Request {
      id: string
    }
    /** What is known of a request, for log and metrics. */
    interface Locals {
      /** Template, e.g. `/v1/videos/:videoId`. */
      route?: string
      userId?: string
      apiKeyId?: string
    }
  }
}

export type Locals = Express.Locals
