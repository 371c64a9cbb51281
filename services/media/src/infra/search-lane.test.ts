import { setImmediate } from 'node:timers/promises'
import { expect, it } from 'vitest'
import { SearchLane } from './search-lane.ts'

const CALL = { timeoutMs: 1000 }

/** Searches that end when the test says so. */
function startSearches(lane: SearchLane, owners: string[]) {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const outcomes = owners.map((owner) =>
    lane.run(owner, CALL, async () => {
      begun.push(owner)
      await new Promise<void>((end) => ends.push(end))
    }),
  )
  return { begun, ends, outcomes }
}

it('runs one search of an owner at a time, and three in all', async () => {
  const { begun, ends, outcomes } = startSearches(new SearchLane(), ['a', 'a', 'a', 'b', 'c', 'd'])
  await setImmediate()
  expect(begun).toEqual(['a', 'b', 'c'])
  for (let at = 0; at < outcomes.length; at += 1) {
    ends[at]?.()
    await setImmediate()
  }
  await Promise.all(outcomes)
  expect(begun).toEqual(['a', 'b', 'c', 'a', 'd', 'a'])
})

it('refuses the 22nd search of an owner, and nobody else', async () => {
  const lane = new SearchLane()
  startSearches(
    lane,
    Array.from({ length: 21 }, () => 'a'),
  )
  await expect(lane.run('a', CALL, async () => 1)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  await expect(lane.run('b', CALL, async () => 1)).resolves.toBe(1)
})

it('does not begin what nobody waits for any more, and goes on', async () => {
  const lane = new SearchLane()
  await expect(lane.run('a', { timeoutMs: 0 }, async () => 1)).rejects.toMatchObject({ code: 'TIMEOUT' })
  await expect(lane.run('a', CALL, async () => 1)).resolves.toBe(1)
})
