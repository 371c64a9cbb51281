import { describe, expect, it } from 'vitest'
import { Leases, type PointBatch } from './lease.ts'

const ANN = { rule: 'user', key: 'ann' } as const

/** A store with this many points. Each `take` removes ten. */
function store(points: number) {
  const state = { left: points, calls: 0 }
  const take = async (): Promise<PointBatch> => {
    state.calls += 1
    state.left -= 10
    return state.left < 0
      ? { points: 0, remaining: -1, resetMs: 60_000 }
      : { points: 10, remaining: state.left, resetMs: 60_000 }
  }
  return { state, take }
}

describe('leases', () => {
  it('spend a batch before they take another, and count down', async () => {
    const { state, take } = store(1000)
    const leases = new Leases()
    const seen: number[] = []
    for (let i = 0; i < 25; i++) seen.push((await leases.spend(ANN, take)).remaining)
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 999 - i))
    expect(state.calls).toBe(3)
  })

  it('never allow more than the store has, also to concurrent callers', async () => {
    const { state, take } = store(50)
    const leases = new Leases()
    const spent = await Promise.all(Array.from({ length: 80 }, () => leases.spend(ANN, take)))
    expect(spent.filter(({ remaining }) => remaining >= 0)).toHaveLength(50)
    expect(state.calls).toBe(6)
  })

  it('take many points at once, add what is left, and get back what was not needed', async () => {
    const { state, take } = store(100)
    const leases = new Leases()
    expect((await leases.spend(ANN, take, 7)).remaining).toBe(93)
    expect((await leases.spend(ANN, take, 7)).remaining).toBe(86)
    expect(state.calls).toBe(2)
    leases.giveBack(ANN, 4)
    expect((await leases.spend(ANN, take, 10)).remaining).toBe(80)
    expect(state.calls).toBe(2)
  })

  it('keep users apart', async () => {
    const { take } = store(10)
    const leases = new Leases()
    await leases.spend(ANN, take)
    expect((await leases.spend({ rule: 'user', key: 'bob' }, take)).remaining).toBe(-1)
  })

  it('end with their window', async () => {
    const leases = new Leases()
    let calls = 0
    const take = async (): Promise<PointBatch> => ({ points: 10, remaining: 0, resetMs: calls++ === 0 ? -1 : 60_000 })
    await leases.spend(ANN, take)
    expect(calls).toBe(2)
  })
})
