import type { Metrics } from '@kinora/common/service'
import { context, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Request, RequestHandler, Response } from 'express'
import { Counter, Gauge, Histogram } from 'prom-client'

/** The gateway's own metrics. `observe` measures a request until its response closes. */
export interface HttpMetrics {
  observe(req: Request, res: Response): void
  rateLimited: Counter<'policy'>
  limiterFallback: Counter<string>
  uploadedBytes: Counter<string>
  uploadsUnregistered: Counter<string>
  streams: Gauge<string>
  connections: Gauge<string>
  connectionsRefused: Counter<'limit'>
}

export function httpMetrics(registry: Metrics): HttpMetrics {
  const registers = [registry]
  const duration = new Histogram({
    name: 'kinora_http_request_seconds',
    help: 'Seconds from request to end of response, by route template and status',
    labelNames: ['method', 'route', 'status'] as const,
    buckets: [0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60, 600],
    registers,
  })
  return {
    observe: (req, res) => {
      const started = performance.now()
      res.once('close', () => {
        // Only templates: a series for each requested path would fill the memory.
        const labels = { method: req.method, route: res.locals.route ?? 'none', status: res.statusCode }
        duration.observe(labels, (performance.now() - started) / 1000)
      })
    },
    rateLimited: new Counter({
      name: 'kinora_http_rate_limited_total',
      help: 'Requests refused, by policy',
      labelNames: ['policy'] as const,
      registers,
    }),
    limiterFallback: new Counter({
      name: 'kinora_rate_limiter_fallback_total',
      help: 'Requests counted in this process because Redis did not answer',
      registers,
    }),
    uploadedBytes: new Counter({ name: 'kinora_upload_bytes_total', help: 'Bytes of sources stored', registers }),
    uploadsUnregistered: new Counter({
      name: 'kinora_uploads_left_as_receipt_total',
      help: 'Complete uploads that could not be registered with media at once',
      registers,
    }),
    streams: new Gauge({ name: 'kinora_event_streams', help: 'Open streams of server-sent events', registers }),
    connections: new Gauge({ name: 'kinora_http_connections', help: 'Open connections of clients', registers }),
    connectionsRefused: new Counter({
      name: 'kinora_http_connections_refused_total',
      help: 'Connections closed at once, by the limit that they would have exceeded: of their address or of all',
      labelNames: ['limit'] as const,
      registers,
    }),
  }
}

const tracer = trace.getTracer('kinora-gateway')

/** Records a span per request, which continues the client's trace and is the parent of all spans of its calls. */
export const traceRequest: RequestHandler = (req, res, next) => {
  // Tracing is not set up: see the bus's `tracing.ts`.
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
