import type { PlaybackGrant } from '@kinora/common/contracts'
import { afterEach, beforeEach, expect, it, vi } from 'vitest'
import type { Rpc } from '../rpc.ts'
import { Grants } from './grants.ts'

const call = { actor: { kind: 'anonymous' }, requestId: 'request' } as const

/** Every call returns the same grant; `asked` is the number of calls. */
function grantsOf(expiresAt: string | null) {
  let asked = 0
  const rpc = (async () => {
    asked += 1
    return { videoId: 'video', expiresAt } as PlaybackGrant
  }) as unknown as Rpc
  return { grants: new Grants(rpc), asked: () => asked }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

it('keeps a grant for 30 seconds', async () => {
  const { grants, asked } = grantsOf(null)
  await grants.find('reference', call)
  vi.advanceTimersByTime(29_000)
  await grants.find('reference', call)
  expect(asked()).toBe(1)
  vi.advanceTimersByTime(1_100)
  await grants.find('reference', call)
  expect(asked()).toBe(2)
})

it('keeps a grant no longer than its token, and does not keep an expired one', async () => {
  const short = grantsOf(new Date(1_005_000).toISOString())
  await short.grants.find('reference', call)
  vi.advanceTimersByTime(5_100)
  await short.grants.find('reference', call)
  await short.grants.find('reference', call)
  expect(short.asked()).toBe(3)
})

it('holds ten thousand at most; what was used least recently is evicted', async () => {
  const { grants, asked } = grantsOf(null)
  for (let at = 0; at <= 10_000; at++) await grants.find(`reference ${at}`, call)
  await grants.find('reference 1', call)
  expect(asked()).toBe(10_001)
  await grants.find('reference 0', call)
  expect(asked()).toBe(10_002)
})
