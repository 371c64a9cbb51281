import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Actor } from '../contract.ts'
import { AppError } from '../errors.ts'
import { Breaker } from './breaker.ts'
import type { BreakerState } from './bus.ts'

const alice: Actor = { kind: 'user', userId: 'alice', sessionId: 's1', role: 'user' }
const bob: Actor = { kind: 'user', userId: 'bob', sessionId: 's2', role: 'user' }

let alive: boolean
let pings: number
let states: BreakerState[]
let breaker: Breaker

beforeEach(() => {
  vi.useFakeTimers()
  alive = false
  pings = 0
  states = []
  breaker = new Breaker('media', {
    failures: 5,
    resetMs: 60_000,
    ping: async () => {
      pings++
      if (!alive) throw new AppError('NO_RESPONDER')
    },
    onChange: (state) => states.push(state),
  })
})

afterEach(() => {
  breaker.close()
  vi.useRealTimers()
})

function fail(times: number, code: 'NO_RESPONDER' | 'TIMEOUT' = 'NO_RESPONDER', actor = alice): void {
  for (let i = 0; i < times; i++) breaker.failed(code, actor)
}

describe('Breaker', () => {
  it('opens at the fifth failure in a row and not before', () => {
    fail(4)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
  })

  it('opens even when the failures are minutes apart', () => {
    for (let i = 0; i < 5; i++) {
      fail(1)
      vi.advanceTimersByTime(120_000)
    }
    expect(states[0]).toBe('open')
  })

  it('starts counting anew after any answer', () => {
    fail(4)
    breaker.answered()
    fail(4)
    expect(breaker.state).toBe('closed')
  })

  it.each(['VIDEO_NOT_FOUND', 'VALIDATION_FAILED', 'INTERNAL', 'POISON', 'NOT_SENT', 'CONNECTION_LOST'] as const)(
    'is not opened by %s, which says nothing about the service as a whole',
    (code) => {
      for (let i = 0; i < 50; i++) breaker.failed(code, alice)
      expect(breaker.state).toBe('closed')
    },
  )

  const openFor = (ms: number) =>
    expect(() => breaker.admit()).toThrow(expect.objectContaining({ code: 'CIRCUIT_OPEN', retryAfterMs: ms }))

  it('asks the service itself after a second, and closes when it answers', async () => {
    fail(5)
    openFor(1000)
    alive = true
    await vi.advanceTimersByTimeAsync(999)
    expect(pings).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(states).toEqual(['open', 'closed'])
    expect(() => breaker.admit()).not.toThrow()
  })

  it('asks in pauses that grow, tells how long they are, and lets nobody in meanwhile', async () => {
    fail(5)
    for (const [index, seconds] of [1, 2, 4, 8, 16].entries()) {
      openFor(seconds * 1000)
      await vi.advanceTimersByTimeAsync(seconds * 1000)
      expect(pings).toBe(index + 1)
    }
    // The next pause would end after the time that it stays open at most.
    openFor(29_000)
    await vi.advanceTimersByTimeAsync(29_000)
    expect(states).toEqual(['open', 'halfOpen', 'open'])
  })

  it('stays open for the same time again when the last probe fails, and tries for ever', async () => {
    fail(5)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(pings).toBe(6)
    openFor(32_000)
    await vi.advanceTimersByTimeAsync(60_000)
    openFor(60_000)
    await vi.advanceTimersByTimeAsync(60_000)
    alive = true
    await vi.advanceTimersByTimeAsync(60_000)
    expect(pings).toBe(10)
    expect(breaker.state).toBe('closed')
  })

  it('that opens again soon after it closed goes on with longer pauses, and later begins anew', async () => {
    alive = true
    fail(5)
    await vi.advanceTimersByTimeAsync(1000)
    fail(5)
    openFor(2000)
    await vi.advanceTimersByTimeAsync(2000)
    await vi.advanceTimersByTimeAsync(60_001)
    fail(5)
    openFor(1000)
  })

  it('is not moved by answers to calls from before it opened', async () => {
    fail(5)
    breaker.answered()
    breaker.failed('VIDEO_NOT_FOUND', alice)
    expect(breaker.state).toBe('open')
  })

  it('needs five failures again after it has recovered', async () => {
    fail(5)
    alive = true
    await vi.advanceTimersByTimeAsync(1000)
    fail(4)
    expect(breaker.state).toBe('closed')
    fail(1)
    expect(breaker.state).toBe('open')
  })

  it("is not opened by one user's slow questions while the service is there", async () => {
    alive = true
    fail(50, 'TIMEOUT')
    await vi.advanceTimersByTimeAsync(0)
    expect(pings).toBe(1)
    expect(breaker.state).toBe('closed')
  })

  it("is opened by one user's timeouts when the service does not answer a ping either", async () => {
    fail(5, 'TIMEOUT')
    await vi.advanceTimersByTimeAsync(0)
    expect(breaker.state).toBe('open')
  })

  it('is opened by the timeouts of several users', () => {
    fail(4, 'TIMEOUT', alice)
    fail(1, 'TIMEOUT', bob)
    expect(breaker.state).toBe('open')
  })
})
