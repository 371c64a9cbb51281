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

  it('tells how long it stays open', () => {
    fail(5)
    vi.advanceTimersByTime(20_000)
    expect(() => breaker.admit()).toThrow(expect.objectContaining({ code: 'CIRCUIT_OPEN', retryAfterMs: 40_000 }))
  })

  it('asks the service itself when the time is over, and closes when it answers', async () => {
    fail(5)
    alive = true
    await vi.advanceTimersByTimeAsync(59_999)
    expect(pings).toBe(0)
    await vi.advanceTimersByTimeAsync(1)
    expect(pings).toBe(1)
    expect(states).toEqual(['open', 'halfOpen', 'closed'])
    expect(() => breaker.admit()).not.toThrow()
  })

  it('stays open for the same time again when the probe fails, and tries for ever', async () => {
    fail(5)
    await vi.advanceTimersByTimeAsync(60_000)
    expect(states).toEqual(['open', 'halfOpen', 'open'])
    expect(() => breaker.admit()).toThrow(expect.objectContaining({ retryAfterMs: 60_000 }))
    await vi.advanceTimersByTimeAsync(120_000)
    alive = true
    await vi.advanceTimersByTimeAsync(60_000)
    expect(pings).toBe(4)
    expect(breaker.state).toBe('closed')
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
    await vi.advanceTimersByTimeAsync(60_000)
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
