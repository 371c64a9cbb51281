import { describe, expect, it } from 'vitest'
import { type Grant, Leases } from './lease.ts'

const WHO = { rule: 'user', key: 'ann' } as const

/** A store with so many points, from which ten are taken at a time. */
function store(points: number) {
  const state = { left: points, trips: 0 }
  const take = async (): Promise<Grant> => {
    state.trips += 1
    state.left -= 10
    return state.left < 0
      ? { points: 0, remaining: -1, resetMs: 60_000 }
      : { points: 10, remaining: state.left, resetMs: 60_000 }
  }
  return { state, take }
}

describe('leases', () => {
  it('spend what was taken before they take more, and count down', async () => {
    const { state, take } = store(1000)
    const leases = new Leases()
    const seen: number[] = []
    for (let i = 0; i < 25; i++) seen.push((await leases.spend(WHO, take)).remaining)
    expect(seen).toEqual(Array.from({ length: 25 }, (_, i) => 999 - i))
    expect(state.trips).toBe(3)
  })

  it('never allow more than there is, also to many at once', async () => {
    const { state, take } = store(50)
    const leases = new Leases()
    const spent = await Promise.all(Array.from({ length: 80 }, () => leases.spend(WHO, take)))
    expect(spent.filter(({ remaining }) => remaining >= 0)).toHaveLength(50)
    expect(state.trips).toBe(6)
  })

  it('keep users apart', async () => {
    const { take } = store(10)
    const leases = new Leases()
    await leases.spend(WHO, take)
    expect((await leases.spend({ rule: 'user', key: 'bob' }, take)).remaining).toBe(-1)
  })

  it('end with their window', async () => {
    const leases = new Leases()
    let trips = 0
    const take = async (): Promise<Grant> => ({ points: 10, remaining: 0, resetMs: trips++ === 0 ? -1 : 60_000 })
    await leases.spend(WHO, take)
    expect(trips).toBe(2)
  })
})
