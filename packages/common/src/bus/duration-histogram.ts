import { Counter } from 'prom-client'
import type { Metrics } from '../service/metrics.ts'

/** Upper bounds in seconds. */
const BUCKETS = [0.005, 0.02, 0.1, 0.5, 2, 10]

interface Series {
  labels: { method: string; outcome: string }
  /** Observations per bucket; the last one is for what is slower than all bounds. */
  counts: number[]
  sum: number
}

/**
 * A Prometheus histogram by method and outcome whose `observe` is a map look-up and an addition. prom-client's own
 * checks, sorts and hashes the labels of each observation, which was a twentieth of the CPU of a call. It is shown by
 * three counters named as the text format wants them, filled when they are asked for.
 */
export class DurationHistogram {
  readonly #series = new Map<string, Series>()

  constructor(registry: Metrics, name: string, help: string) {
    const counter = (suffix: string, labels: string[], fill: (counter: Counter, series: Series) => void) => {
      const series = () => this.#series.values()
      new Counter({
        name: `${name}_${suffix}`,
        help,
        labelNames: ['method', 'outcome', ...labels],
        registers: [registry],
        collect() {
          this.reset()
          for (const each of series()) fill(this, each)
        },
      })
    }
    counter('bucket', ['le'], fillBuckets)
    counter('sum', [], (it, { labels, sum }) => it.inc(labels, sum))
    counter('count', [], (it, { labels, counts }) => it.inc(labels, total(counts)))
  }

  /** `startedAt` as `performance.now()` gave it. */
  observe(method: string, outcome: string, startedAt: number): void {
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
}

/** Prometheus' buckets are cumulative. */
function fillBuckets(counter: Counter, { labels, counts }: Series): void {
  for (const [index, bound] of BUCKETS.entries()) {
    counter.inc({ ...labels, le: String(bound) }, total(counts.slice(0, index + 1)))
  }
  counter.inc({ ...labels, le: '+Inf' }, total(counts))
}

function total(counts: number[]): number {
  return counts.reduce((sum, count) => sum + count, 0)
}
