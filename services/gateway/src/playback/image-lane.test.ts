import { expect, it } from 'vitest'
import { ImageLane } from './image-lane.ts'

/** A job that ends when told to, and the order in which jobs began. */
function jobs() {
  const begun: string[] = []
  const ends: (() => void)[] = []
  const job = (name: string) => () =>
    new Promise<string>((resolve) => {
      begun.push(name)
      ends.push(() => resolve(name))
    })
  const endAll = async (all: Promise<unknown>[]) => {
    let ended = 0
    const done = Promise.allSettled(all).then(() => (ended = -1))
    while (ended >= 0) {
      ends.shift()?.()
      await new Promise(setImmediate)
    }
    return await done
  }
  return { begun, job, endAll }
}

it('runs one job at a time, and keys take turns', async () => {
  const lane = new ImageLane({ perKey: 5, refusal: 'RATE_LIMITED' })
  const { begun, job, endAll } = jobs()
  const many = [1, 2, 3, 4].map((n) => lane.run('greedy', job(`greedy ${n}`)))
  const few = [lane.run('modest', job('modest'))]
  await new Promise(setImmediate)
  expect(begun).toEqual(['greedy 1'])
  await endAll([...many, ...few])
  expect(begun).toEqual(['greedy 1', 'greedy 2', 'modest', 'greedy 3', 'greedy 4'])
})

it('refuses more jobs of a key than it may have, and goes on after one that fails', async () => {
  const lane = new ImageLane({ perKey: 1, refusal: 'RATE_LIMITED' })
  const { job, endAll } = jobs()
  const running = lane.run('one', job('one'))
  const failing = lane.run('other', async () => {
    throw new Error('damaged')
  })
  await expect(lane.run('one', job('again'))).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterMs: 1000 })
  await endAll([running, failing])
  await expect(failing).rejects.toThrow('damaged')
  expect(await lane.run('one', async () => 'again')).toBe('again')
})

it('counts what waits for its input, and lets others pass', async () => {
  const lane = new ImageLane({ perKey: 1, refusal: 'RATE_LIMITED' })
  let send = () => {}
  const slow = lane.hold('slow', async (encode) => {
    await new Promise<void>((resolve) => (send = resolve))
    return await encode(async () => 'slow')
  })
  await expect(lane.run('slow', async () => 'more')).rejects.toMatchObject({ code: 'RATE_LIMITED' })
  expect(await lane.run('quick', async () => 'quick')).toBe('quick')
  send()
  expect(await slow).toBe('slow')
})
