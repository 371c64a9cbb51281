import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { WindowMirror } from './window-mirror.ts'

const MINUTE = 60_000
const inMs = (ms: number) => performance.now() + ms

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }))
afterEach(() => void vi.useRealTimers())

describe('the mirror of a window', () => {
  it('continues from the count of the store', () => {
    const mirror = new WindowMirror()
    mirror.record('a', 1, { consumed: 7, until: inMs(MINUTE) })
    expect(mirror.spend('a', 1, MINUTE).consumed).toBe(8)
    expect(mirror.spend('a', 2, MINUTE).consumed).toBe(10)
  })

  it('keeps points spent here when the store returns, also when it returns empty', () => {
    const mirror = new WindowMirror()
    mirror.record('a', 1, { consumed: 3, until: inMs(MINUTE) })
    mirror.spend('a', 1, MINUTE)
    expect(mirror.record('a', 1, { consumed: 4, until: inMs(MINUTE) }).consumed).toBe(5)
    expect(mirror.record('a', 1, { consumed: 1, until: inMs(MINUTE) }).consumed).toBe(6)
  })

  it('accepts the higher count of the store, which other gateways have added to', () => {
    const mirror = new WindowMirror()
    mirror.record('a', 1, { consumed: 1, until: inMs(MINUTE) })
    expect(mirror.record('a', 1, { consumed: 9, until: inMs(MINUTE) }).consumed).toBe(9)
  })

  it('ends with the window', () => {
    const mirror = new WindowMirror()
    mirror.record('a', 1, { consumed: 9, until: inMs(1000) })
    vi.advanceTimersByTime(1001)
    expect(mirror.record('a', 1, { consumed: 1, until: inMs(MINUTE) }).consumed).toBe(1)
    vi.advanceTimersByTime(MINUTE + 1)
    expect(mirror.spend('a', 1, MINUTE)).toEqual({ consumed: 1, until: inMs(MINUTE) })
  })

  it('keeps windows apart', () => {
    const mirror = new WindowMirror()
    mirror.spend('a', 5, MINUTE)
    expect(mirror.spend('b', 1, MINUTE).consumed).toBe(1)
  })
})
