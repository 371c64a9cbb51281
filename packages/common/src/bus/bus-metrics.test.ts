import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import { DurationHistogram } from './bus-metrics.ts'

it('is a histogram of cumulative buckets by method and outcome, however often it is asked', async () => {
  const registry = new Registry()
  const seconds = new DurationHistogram(registry, 'call_seconds', 'Duration of calls')
  const agoMs = (ms: number) => performance.now() - ms
  seconds.record('media.getVideo', 'OK', agoMs(1))
  seconds.record('media.getVideo', 'OK', agoMs(50))
  seconds.record('media.getVideo', 'OK', agoMs(60_000))
  await registry.metrics()
  const lines = (await registry.metrics()).split('\n')
  const labels = 'method="media.getVideo",outcome="OK"'
  expect(lines).toContain(`call_seconds_bucket{${labels},le="0.005"} 1`)
  expect(lines).toContain(`call_seconds_bucket{${labels},le="0.02"} 1`)
  expect(lines).toContain(`call_seconds_bucket{${labels},le="0.1"} 2`)
  expect(lines).toContain(`call_seconds_bucket{${labels},le="10"} 2`)
  expect(lines).toContain(`call_seconds_bucket{${labels},le="+Inf"} 3`)
  expect(lines).toContain(`call_seconds_count{${labels}} 3`)
  expect(lines.find((line) => line.startsWith('call_seconds_sum'))).toMatch(/ 60\.05/)
})
