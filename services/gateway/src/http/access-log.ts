import type { Logger } from '@kinora/common/service'
import type { Request, Response } from 'express'
import { pinoHttp } from 'pino-http'

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * One line for each request: who, what, how it ended and how long it took. Never a header, a body or a query string,
 * and no playback token, which stands in the path.
 */
export function accessLog(logger: Logger): (req: Request, res: Response) => void {
  return pinoHttp<Request, Response>({
    logger,
    wrapSerializers: false,
    // What a line has is listed in `summary`, so there is nothing to look for and to cross out on each of them.
    redact: [],
    serializers: { req: () => undefined },
    customLogLevel: (_req, res) => (res.statusCode >= 500 ? 'warn' : 'info'),
    customSuccessObject: summary,
    customErrorObject: (req, res, _error, values) => summary(req, res, values),
    customSuccessMessage: (_req, res) => (res.writableFinished ? 'answered' : 'client went away'),
    customErrorMessage: () => 'answered',
  })
}

function summary(req: Request, res: Response, values: { responseTime: number }) {
  return {
    requestId: req.id,
    method: req.method,
    path: loggablePath(req.originalUrl),
    status: res.statusCode,
    ms: values.responseTime,
    userId: res.locals.userId,
  }
}

/** The path without query; a playback reference that is not the id of a video is a secret. */
export function loggablePath(url: string): string {
  const path = url.split('?', 1)[0] ?? ''
  const [, root, reference, ...rest] = path.split('/')
  if (root?.toLowerCase() !== 'play' || reference === undefined || UUID.test(reference)) return path
  return ['', root, '[token]', ...rest].join('/')
}
