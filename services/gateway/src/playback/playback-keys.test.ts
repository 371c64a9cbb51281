import { randomUUID } from 'node:crypto'
import type { events } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { type SigningKey, signingKey } from '../../test/support/playback-key.ts'
import type { Rpc } from '../rpc.ts'
import { PlaybackKeys } from './playback-keys.ts'
import { PlaybackRevocations } from './playback-revocations.ts'

const DAY_MS = 86_400_000
const DENIED = { code: 'PLAYBACK_DENIED', detail: 'This playback link is no longer valid' }
const videoId = randomUUID()

/** A gateway's playback keys, with a media that knows one of them. */
async function start({ offlineMs = 600_000 }: { offlineMs?: number } = {}) {
  const signing = signingKey()
  const state = { asked: 0, counted: 0, failure: null as ErrorCode | null, answer: null as Promise<void> | null }
  const rpc = (async ({ name }: { name: string }, input: { playbackKeyId: string }) => {
    if (state.failure) throw new AppError(state.failure)
    if (name.endsWith('listPlaybackRevocations')) return { items: [], more: false }
    state.asked += 1
    await state.answer
    if (input.playbackKeyId !== signing.key.id) throw new AppError('PLAYBACK_KEY_NOT_FOUND')
    return signing.key
  }) as unknown as Rpc
  const revocations = new PlaybackRevocations(rpc, pino({ level: 'silent' }))
  revocations.reload()
  await vi.waitFor(() => expect(revocations.loaded && !revocations.stale).toBe(true))
  const keys = new PlaybackKeys(rpc, { revocations, offlineMs })
  const read = (reference: string) =>
    keys.read(reference, async () => {
      state.counted += 1
    })
  const retire = (playbackKeyId: string) => {
    const envelope = { id: '', version: 1, occurredAt: '', aggregateId: playbackKeyId, sequence: 1 }
    const type: keyof typeof events = 'playback.key-retired'
    const expiresAt = new Date(Date.now() + 7 * DAY_MS).toISOString()
    revocations.receive({ ...envelope, type, data: { playbackKeyId, expiresAt } })
  }
  return { signing, state, revocations, keys, read, retire }
}

const tokenOf = ({ sign }: SigningKey, claims: object = {}) => sign(videoId, claims)

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a playback key', () => {
  it('is looked up once, however many tokens it has signed', async () => {
    const { read, state, signing } = await start()
    const limits = { videoId, tokenId: null, maxHeight: null, download: false, expiresAt: '1970-01-01T01:16:40.000Z' }
    const [token, ...more] = Array.from({ length: 5 }, (_, at) => tokenOf(signing, { jti: `${at}` }))
    const answers = await Promise.all([token ?? '', ...more].map(read))
    expect(answers[0]).toEqual({ projectId: signing.key.projectId, limits })
    for (let at = 0; at < 5; at++) await read(token ?? '')
    vi.advanceTimersByTime(500_000)
    await read(token ?? '')
    expect([state.asked, state.counted]).toEqual([1, 5])
  })

  it('is no longer used once it is retired, also if media has answered before', async () => {
    const { read, retire, signing, state } = await start()
    await read(tokenOf(signing))
    retire(signing.key.id)
    await expect(read(tokenOf(signing))).rejects.toMatchObject(DENIED)
    const late = await start()
    let answer = () => {}
    late.state.answer = new Promise((resolve) => (answer = resolve))
    const asked = late.read(tokenOf(late.signing))
    late.retire(late.signing.key.id)
    answer()
    await expect(asked).rejects.toMatchObject(DENIED)
    expect(state.asked).toBe(1)
  })

  it('that nobody has registered is asked for once in ten seconds', async () => {
    const { read, state } = await start()
    const stranger = signingKey()
    for (let at = 0; at < 20; at++)
      await expect(read(tokenOf(stranger, { jti: `${at}` }))).rejects.toMatchObject(DENIED)
    expect([state.asked, state.counted]).toEqual([1, 1])
    vi.advanceTimersByTime(10_100)
    await expect(read(tokenOf(stranger))).rejects.toMatchObject(DENIED)
    expect(state.asked).toBe(2)
  })

  it('is asked for by a hundred callers at a time, and by those only who are not counted out', async () => {
    const { read, keys, state } = await start()
    state.answer = new Promise(() => {})
    for (let at = 0; at < 100; at++) void read(tokenOf(signingKey())).catch(() => {})
    await vi.waitFor(() => expect(state.asked).toBe(100))
    await expect(read(tokenOf(signingKey()))).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' })
    const limited = async () => {
      throw new AppError('RATE_LIMITED')
    }
    await expect(keys.read(tokenOf(signingKey()), limited)).rejects.toMatchObject({ code: 'RATE_LIMITED' })
    expect(state.asked).toBe(100)
  })

  it('expired tokens of it are refused although they were checked before', async () => {
    const { read, signing } = await start()
    const token = tokenOf(signing, { exp: 1010 })
    expect((await read(token))?.limits.expiresAt).toBe('1970-01-01T00:16:50.000Z')
    // What was checked says when it ends; `Grants` compares that with each request.
    await expect(read(tokenOf(signing, { exp: 999 }))).rejects.toMatchObject(DENIED)
  })
})

describe('while media does not answer', () => {
  it('known keys are used for a limited time', async () => {
    const { read, signing, state, keys, revocations } = await start()
    await read(tokenOf(signing))
    state.failure = 'NOT_SENT'
    keys.invalidateAll()
    revocations.reload()
    vi.advanceTimersByTime(599_000)
    await read(tokenOf(signing, { jti: 'new' }))
    vi.advanceTimersByTime(2000)
    await expect(read(tokenOf(signing))).rejects.toMatchObject({ code: 'NOT_SENT' })
    await expect(read(tokenOf(signingKey()))).rejects.toMatchObject({ code: 'NOT_SENT' })
  })

  it('they are not, where playback ends with the connection', async () => {
    const { read, signing, state, keys } = await start({ offlineMs: 0 })
    await read(tokenOf(signing))
    vi.advanceTimersByTime(29_000)
    await read(tokenOf(signing))
    expect(state.asked).toBe(1)
    state.failure = 'NOT_SENT'
    keys.invalidateAll()
    await expect(read(tokenOf(signing))).rejects.toMatchObject({ code: 'NOT_SENT' })
  })
})

it('a key in use is asked for again after a day, behind the request', async () => {
  const { read, signing, state } = await start({ offlineMs: 30 * DAY_MS })
  await read(tokenOf(signing))
  vi.advanceTimersByTime(DAY_MS + 1000)
  await read(tokenOf(signing, { jti: 'new' }))
  expect([state.asked, state.counted]).toEqual([2, 1])
})

it.each([randomUUID(), 'nonsense', 'a.b.c', 'eyJhbGciOiJIUzI1NiJ9.e30.AAAA'])(
  'what no playback key has signed is left to others: %s',
  async (reference) => {
    const { read, state } = await start()
    expect(await read(reference)).toBeNull()
    expect(state.asked).toBe(0)
  },
)
