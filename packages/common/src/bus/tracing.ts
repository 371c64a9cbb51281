import { context, propagation, type Span, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'

/** String headers of a message; trace context travels in `traceparent` and `tracestate` (W3C Trace Context). */
type Carrier = Record<string, unknown>

/**
 * True when somebody has set up tracing in this process. Without it the API's propagator has no fields, and all of the
 * functions below only call what they wrap.
 */
function isTracing(): boolean {
  return propagation.fields().length > 0
}

/** The `traceparent` of what is going on now, for an envelope that is published later. */
export function currentTraceparent(): string | undefined {
  if (!isTracing()) return undefined
  const carrier: Record<string, string> = {}
  propagation.inject(context.active(), carrier)
  return carrier.traceparent
}

/** Runs `send` in a span of its own; the receiver is told of it by the headers. */
export function tracedCall<T>(
  { service, name }: { service: string; name: string },
  send: (headers?: Record<string, string>) => Promise<T>,
): Promise<T> {
  if (!isTracing()) return send()
  return tracer().startActiveSpan(`${service}.${name}`, { kind: SpanKind.CLIENT }, (span) => {
    const headers: Record<string, string> = {}
    propagation.inject(context.active(), headers)
    return finish(span, send(headers))
  })
}

/** Runs `handle` in a span that continues the sender's trace. */
export function tracedReceive<T>(
  kind: 'server' | 'consumer',
  name: string,
  carrier: Carrier,
  handle: () => Promise<T>,
): Promise<T> {
  if (!isTracing()) return handle()
  const spanKind = kind === 'server' ? SpanKind.SERVER : SpanKind.CONSUMER
  const parent = propagation.extract(context.active(), carrier)
  return tracer().startActiveSpan(name, { kind: spanKind }, parent, (span) => finish(span, handle()))
}

function tracer() {
  return trace.getTracer('@kinora/common/bus')
}

async function finish<T>(span: Span, work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    span.setStatus({ code: SpanStatusCode.ERROR, message: String((error as { code?: unknown }).code ?? 'error') })
    throw error
  } finally {
    span.end()
  }
}
