import type { IncomingMessage } from 'node:http'
import { AppError } from '@kinora/common/errors'
import express, { type ErrorRequestHandler, type Express } from 'express'
import { serveAccountPages } from './account-pages/account-pages.ts'
import type { Context } from './context.ts'
import { accessLog, assignRequestId } from './http/access-log.ts'
import { clientAddress } from './http/client-address.ts'
import { crossOrigin } from './http/cross-origin.ts'
import { serveDocs } from './http/docs.ts'
import { maskedError } from './http/mask.ts'
import { mount } from './http/mount.ts'
import { openApiDocument } from './http/openapi.ts'
import { sendProblem, toRequestError } from './http/problem.ts'
import { setSecurityHeaders } from './http/security-headers.ts'
import { traceRequest } from './http/telemetry.ts'
import { servePlayerPage } from './player-page/player-page.ts'
import { routes } from './routes/index.ts'
import { announcePartialUploads } from './uploads/ietf.ts'
import { linkPreflight } from './uploads/open-link.ts'
import { announceTus, isTusPath, LINK_PATH } from './uploads/tus.ts'

/**
 * The Express application; its middleware is listed in the order in which a request passes it. Authentication and rate
 * limits belong to each route: see `http/mount.ts`.
 */
export function createApp(ctx: Context): Express {
  const app = express()
  app.set('trust proxy', ctx.config.TRUSTED_PROXIES)
  app.set('query parser', 'simple')
  app.set('case sensitive routing', true)
  app.disable('x-powered-by')
  app.disable('etag')

  const log = accessLog(ctx.logger, ctx.config.LOG_ADDRESSES)
  // One middleware for all of these: in Express a layer costs as much as the work in each of them.
  app.use((req, res, next) => {
    assignRequestId(req, res)
    log(req, res)
    ctx.metrics.observe(req, res)
    setSecurityHeaders(req, res)
    if (isTusPath(req.path)) announceTus(req, res)
    announcePartialUploads(req, res)
    const forwardedFor = req.headers['x-forwarded-for']
    if (forwardedFor !== undefined) ctx.forwardedCallers.record(clientAddress(req), String(forwardedFor))
    refuseSecondHost(req)
    next()
  })
  app.use(traceRequest)
  app.use(crossOrigin(ctx.cookieSessions.allowedOrigins))
  app.options([LINK_PATH, `${LINK_PATH}/*rest`], linkPreflight(ctx))
  mount(app, routes, ctx)
  serveAccountPages(app)
  servePlayerPage(app, ctx)
  serveDocs(app, openApiDocument(routes))
  app.use(() => {
    throw new AppError('ROUTE_NOT_FOUND')
  })
  app.use(handleError(ctx))
  return app
}

/** RFC 9112 section 3.2. Node drops the second one, and a proxy in front may have gone by it. */
function refuseSecondHost({ rawHeaders }: IncomingMessage): void {
  const hosts = rawHeaders.filter((name, at) => at % 2 === 0 && name.length === 4 && name.toLowerCase() === 'host')
  if (hosts.length > 1) throw new AppError('BAD_REQUEST', { detail: 'The request has more than one Host header' })
}

/** Turns every thrown value into a response. Express recognises an error handler by its four parameters. */
function handleError({ logger, config }: Context): ErrorRequestHandler {
  return (thrown, req, res, _next) => {
    const error = toRequestError(thrown)
    const fields = { requestId: req.id, route: res.locals.route }
    // The code is enough for an unavailable dependency; thousands of stack traces would hide real faults.
    if (error.code === 'INTERNAL' || error.code === 'POISON')
      logger.error({ err: maskedError(error), ...fields }, 'request failed')
    else if (error.status >= 500) logger.warn({ code: error.code, ...fields }, 'dependency failed')
    sendProblem(req, res, error, config.PUBLIC_URL)
  }
}
