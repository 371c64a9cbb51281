import { randomUUID } from 'node:crypto'
import type { Request, Response } from 'express'

declare global {
  namespace Express {
    interface Request {
      id: string
    }
  }
}

const ACCEPTED = /^[A-Za-z0-9._-]{1,64}$/

/** Takes the caller's `X-Request-Id` where it is harmless, makes one otherwise, and echoes it. */
export function assignRequestId(req: Request, res: Response): void {
  const given = req.headers['x-request-id']
  req.id = typeof given === 'string' && ACCEPTED.test(given) ? given : randomUUID()
  res.setHeader('X-Request-Id', req.id)
}
