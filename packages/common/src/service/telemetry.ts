import { pino } from 'pino'
import { collectDefaultMetrics, Gauge, Registry } from 'prom-client'
import type { Lifecycle } from './lifecycle.ts'

export type Logger = pino.Logger

/** The version of Kinora, as the root `package.json` has it. */
export const VERSION = '0.2.0'

/** Values with these names are secrets, at any depth; the log shows only that they were present. */
const SECRET_NAMES = [
  'password',
  'currentPassword',
  'newPassword',
  'accessToken',
  'refreshToken',
  'token',
  'secret',
  'authorization',
  'cookie',
]
const redact = {
  paths: SECRET_NAMES.flatMap((name) => [name, `*.${name}`, `*.*.${name}`, `*.*.*.${name}`]),
  censor: '[secret]',
}

/** Logs JSON lines to standard output: `{time, level, service, version, msg, …}`. */
export function createLogger(service: string, level: string): Logger {
  return pino({
    level,
    base: { service, version: VERSION },
    timestamp: pino.stdTimeFunctions.isoTime,
    formatters: { level: (label) => ({ level: label }) },
    redact,
  })
}

export type Metrics = Registry

/** Gauges with the suffix of counters; each is the sum of one that stays, by type. */
const MISNAMED = ['nodejs_active_handles_total', 'nodejs_active_requests_total', 'nodejs_active_resources_total']

/** A new registry, so that two services in one test process do not share counters. */
export function createMetrics(service: string): Metrics {
  const registry = new Registry()
  registry.setDefaultLabels({ service })
  // The default of 10 ms wakes an idle process a hundred times a second.
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: 100 })
  for (const name of MISNAMED) registry.removeSingleMetric(name)
  const info = { name: 'kinora_build_info', help: 'Always 1; the label has the version', labelNames: ['version'] }
  new Gauge({ ...info, registers: [registry] }).set({ version: VERSION }, 1)
  return registry
}

/**
 * Sends spans to an OTLP endpoint. Without one nothing is loaded: bus and gateway then call the no-op tracer of
 * `@opentelemetry/api`, which costs a function call.
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
