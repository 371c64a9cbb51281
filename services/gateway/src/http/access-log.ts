import { randomUUID } from 'node:crypto'
import type { Logger } from '@kinora/common/service'
import type { Request, Response } from 'express'
import { clientAddress, type LoggedAddress, loggedAddress } from './client-address.ts'
import { holdsSecret, loggablePath, maskTokens } from './mask.ts'

const USER_AGENT_CHARACTERS = 200

/**
 * Returns a function that logs one line per request, when its connection or response closes: caller, method, route, path,
 * status, milliseconds, client address and user agent. It never logs another header, a body, a query string, or the target as it was
 * sent.
 */
export function accessLog(logger: Logger, addresses: LoggedAddress): (req: Request, res: Response) => void {
  // Redaction would cost time on each line, and the fields below hold no secrets.
  const log = logger.child({}, { redact: [] })
  return (req, res) => {
    const started = performance.now()
    // Unknown once the connection is gone.
    const address = clientAddress(req)
    res.once('close', () => {
      const line = {
        requestId: req.id,
        method: req.method,
        route: res.locals.route ?? 'none',
        path: loggablePath(req.originalUrl),
        status: res.statusCode,
        ms: Math.round(performance.now() - started),
        userId: res.locals.userId,
        apiKeyId: res.locals.apiKeyId,
        uploadLinkId: res.locals.uploadLinkId,
        address: loggedAddress(address, addresses),
        userAgent: maskTokens((req.headers['user-agent'] ?? '').slice(0, USER_AGENT_CHARACTERS)) || undefined,
      }
      const message = res.writableFinished ? 'answered' : 'client went away'
      if (res.statusCode >= 500) log.warn(line, message)
      else log.info(line, message)
    })
  }
}

const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/

/**
 * Sets `req.id`: the client's `X-Request-Id` if it is 1–64 harmless characters and no credential, else a new UUID. Sends it in the response.
 */
export function assignRequestId(req: Request, res: Response): void {
  const given = req.headers['x-request-id']
  req.id = typeof given === 'string' && ACCEPTED.test(given) && !holdsSecret(given) ? given : randomUUID()
  res.setHeader('X-Request-Id', req.id)
}

declare global {
  namespace Express {
    interface Request {
      id: string
    }
    /** Facts about a request for log and metrics. */
    interface Locals {
      /** Path template, e.g. `/v1/videos/:videoId`. */
      route?: string
      userId?: string
      apiKeyId?: string
      uploadLinkId?: string
    }
  }
}

export type Locals = Express.Locals
