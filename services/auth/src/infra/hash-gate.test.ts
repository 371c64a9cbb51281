import { describe, expect, it } from 'vitest'
import { HashGate } from './hash-gate.ts'

/** Work that ends when the test says so. */
function work() {
  let end!: () => void
  let begun = false
  const done = new Promise<void>((resolve) => {
    end = resolve
  })
  const run = () => {
    begun = true
    return done
  }
  return { run, end, isBegun: () => begun }
}

/** Lets all pending callbacks run. */
const settle = () => new Promise<void>((resolve) => setImmediate(resolve))

describe('HashGate', () => {
  it('runs as many at a time as it may, the rest in the order in which they came', async () => {
    const gate = new HashGate({ concurrency: 2, waitMs: 10_000 })
    const jobs = [work(), work(), work(), work()] as const
    const results = jobs.map((job) => gate.run(job.run))
    await settle()
    expect(jobs.map((job) => job.isBegun())).toEqual([true, true, false, false])
    jobs[1].end()
    await results[1]
    await settle()
    expect(jobs.map((job) => job.isBegun())).toEqual([true, true, true, false])
    for (const job of jobs) job.end()
    await Promise.all(results)
  })

  it('turns away at once what would wait too long', async () => {
    const gate = new HashGate({ concurrency: 1, waitMs: 300 })
    const first = work()
    const running = gate.run(first.run)
    const waiting = gate.run(async () => 'done')
    await expect(gate.run(async () => 'never')).rejects.toMatchObject({ code: 'TOO_BUSY', retryAfterMs: 1000 })
    first.end()
    await running
    expect(await waiting).toBe('done')
  })

  it('forgets who has given up, and lets the next one in', async () => {
    const gate = new HashGate({ concurrency: 1, waitMs: 300 })
    const first = work()
    const running = gate.run(first.run)
    const patience = new AbortController()
    const abandoned = gate.run(async () => 'never', patience.signal)
    patience.abort()
    await expect(abandoned).rejects.toMatchObject({ code: 'TIMEOUT' })
    const next = gate.run(async () => 'done')
    first.end()
    await running
    expect(await next).toBe('done')
  })

  it('does not begin for a caller whose time is over', async () => {
    const gate = new HashGate({ concurrency: 1, waitMs: 300 })
    await expect(gate.run(async () => 'never', AbortSignal.abort())).rejects.toMatchObject({ code: 'TIMEOUT' })
  })

  it('gives its place free when the work fails', async () => {
    const gate = new HashGate({ concurrency: 1, waitMs: 0 })
    await expect(gate.run(() => Promise.reject(new Error('no')))).rejects.toThrow('no')
    expect(await gate.run(async () => 'done')).toBe('done')
  })
})
