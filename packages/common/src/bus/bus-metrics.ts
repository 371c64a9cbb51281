import { Counter, Gauge, Histogram, type MetricObjectWithValues, type MetricValueWithName } from 'prom-client'
import type { Metrics } from '../service/telemetry.ts'
import type { BreakerState, BusStatus } from './bus.ts'

const STATES: BreakerState[] = ['closed', 'halfOpen', 'open']

export type BusMetrics = ReturnType<typeof createBusMetrics>

/** What a bus tells Prometheus; registered once per process. */
export function createBusMetrics(registry: Metrics, status: () => BusStatus & { pending: Record<string, number> }) {
  const registers = [registry]
  new Gauge({
    name: 'kinora_breaker_state',
    help: 'State of the breaker of a target service: 0 closed, 1 half-open, 2 open',
    labelNames: ['target'],
    registers,
    collect() {
      for (const [target, state] of Object.entries(status().breakers)) this.set({ target }, STATES.indexOf(state))
    },
  })
  new Gauge({
    name: 'kinora_rpc_pending',
    help: 'Calls that wait for their answer',
    labelNames: ['target'],
    registers,
    collect() {
      for (const [target, pending] of Object.entries(status().pending)) this.set({ target }, pending)
    },
  })
  new Gauge({
    name: 'kinora_broker_connected',
    help: '1 while connected to RabbitMQ',
    registers,
    collect() {
      this.set(status().connected ? 1 : 0)
    },
  })
  const counter = (name: string, help: string, labelNames: string[] = []) =>
    new Counter({ name, help, labelNames, registers })
  const histogram = (name: string, help: string) => new DurationHistogram(registry, name, help)
  return {
    clientSeconds: histogram('kinora_rpc_client_seconds', 'Duration of calls to other services by method and outcome'),
    serverSeconds: histogram('kinora_rpc_server_seconds', 'Duration of answered calls by method and outcome'),
    lateReplies: counter('kinora_rpc_late_replies_total', 'Answers that came after their caller had given up'),
    reconnects: counter('kinora_broker_reconnects_total', 'Connections to RabbitMQ that were lost and came back'),
    published: counter('kinora_published_total', 'Events and tasks that were published', ['type', 'outcome']),
    consumed: counter('kinora_events_consumed_total', 'Events that were handled', ['group', 'type', 'outcome']),
  }
}

/** Upper bounds in seconds. */
const BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10]

type Label = 'method' | 'outcome' | 'le'

interface Series {
  labels: { method: string; outcome: string }
  /** Observations per bucket; the last one is for what is slower than all bounds. */
  counts: number[]
  sum: number
}

/**
 * A histogram by method and outcome whose `record` is a map look-up and an addition. prom-client's own `observe` checks,
 * sorts and hashes the labels of each observation, which was a twentieth of the CPU of a call.
 */
export class DurationHistogram extends Histogram<Label> {
  readonly #series = new Map<string, Series>()
  /** Has no observations, only what describes the metric. */
  readonly #empty: Histogram<Label>

  constructor(registry: Metrics, name: string, help: string) {
    super({ name, help, registers: [registry] })
    this.#empty = new Histogram({ name, help, registers: [] })
  }

  /** `startedAt` as `performance.now()` gave it. */
  record(method: string, outcome: string, startedAt: number): void {
    const seconds = (performance.now() - startedAt) / 1000
    const key = `${method} ${outcome}`
    let series = this.#series.get(key)
    if (series === undefined) {
      series = { labels: { method, outcome }, counts: new Array(BUCKETS.length + 1).fill(0), sum: 0 }
      this.#series.set(key, series)
    }
    let bucket = 0
    while (bucket < BUCKETS.length && seconds > (BUCKETS[bucket] ?? 0)) bucket++
    series.counts[bucket] = (series.counts[bucket] ?? 0) + 1
    series.sum += seconds
  }

  override async get(): Promise<MetricObjectWithValues<MetricValueWithName<Label>>> {
    const description = await this.#empty.get()
    const values = [...this.#series.values()].flatMap((series) => samples(description.name, series))
    return { ...description, values }
  }

  /** What the registry asks for instead of `get` where a metric has it. */
  getForPromString(): ReturnType<DurationHistogram['get']> {
    return this.get()
  }
}

/** The lines of one series; buckets are cumulative. */
function samples(name: string, { labels, counts, sum }: Series): MetricValueWithName<Label>[] {
  let count = 0
  const buckets = counts.map((inBucket, index) => {
    count += inBucket
    const le = BUCKETS[index] ?? '+Inf'
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: count }
  })
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels, value: sum },
    { metricName: `${name}_count`, labels, value: count },
  ]
}
