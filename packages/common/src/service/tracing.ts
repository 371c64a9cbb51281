import type { Lifecycle } from './lifecycle.ts'

/**
 * Sends spans to an OTLP endpoint. Without one nothing is loaded: the bus and the gateway then talk to the no-op tracer
 * of `@opentelemetry/api`, which costs a function call.
 */
export async function startTracing(life: Lifecycle, service: string, endpoint: string | undefined): Promise<void> {
  if (!endpoint) return
  const [{ NodeTracerProvider, BatchSpanProcessor }, { OTLPTraceExporter }, { resourceFromAttributes }] =
    await Promise.all([
      import('@opentelemetry/sdk-trace-node'),
      import('@opentelemetry/exporter-trace-otlp-http'),
      import('@opentelemetry/resources'),
    ])
  const exporter = new OTLPTraceExporter({ url: new URL('v1/traces', withSlash(endpoint)).href })
  const provider = new NodeTracerProvider({
    resource: resourceFromAttributes({ 'service.name': `kinora-${service}` }),
    spanProcessors: [new BatchSpanProcessor(exporter)],
  })
  provider.register()
  life.use(provider, 'tracing', (p) => p.shutdown())
}

function withSlash(url: string): string {
  return url.endsWith('/') ? url : `${url}/`
}
