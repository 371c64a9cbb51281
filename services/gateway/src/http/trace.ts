import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { RequestHandler } from 'express'

const tracer = trace.getTracer('kinora-gateway')

/** One span for each request, continuing the caller's trace; everything that is called under it becomes its child. */
export const traceRequest: RequestHandler = (req, res, next) => {
  // Nobody has set up tracing: see the bus's `tracing.ts`.
  if (propagation.fields().length === 0) return next()
  const parent = propagation.extract(context.active(), req.headers)
  const span = tracer.startSpan(req.method, { kind: SpanKind.SERVER }, parent)
  if (!span.isRecording()) return next()
  res.once('close', () => {
    const { route } = res.locals
    if (route !== undefined) span.updateName(`${req.method} ${route}`)
    span.setAttributes({
      'http.request.method': req.method,
      'http.response.status_code': res.statusCode,
      ...(route !== undefined && { 'http.route': route }),
    })
    if (res.statusCode >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  })
  context.with(trace.setSpan(parent, span), next)
}
