import { Counter, Gauge } from 'prom-client'
import type { Metrics } from '../service/metrics.ts'
import type { BreakerState, BusStatus } from './bus.ts'
import { DurationHistogram } from './duration-histogram.ts'

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
