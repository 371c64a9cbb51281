import { randomBytes, randomUUID } from 'node:crypto'
import type { events, PlaybackGrant, Visibility } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import { playbackSigner } from '@kinora/common/playback-token'
import { pino } from 'pino'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import type { Rpc } from '../rpc.ts'
import { Grants } from './grants.ts'
import { PlaybackKeys } from './playback-keys.ts'
import { PlaybackRevocations } from './playback-revocations.ts'

const call = { actor: { kind: 'anonymous' }, requestId: 'request' } as const
const signer = playbackSigner([randomBytes(32).toString('base64')], () => new Date())
const OFFLINE_MS = 600_000

/** A gateway's grants, with a media that answers every question with the same grant. */
async function start({
  expiresAt = null,
  videoId = randomUUID(),
}: {
  expiresAt?: string | null
  videoId?: string
} = {}) {
  const state = { asked: 0, failure: null as ErrorCode | null, visibility: 'public' as Visibility, slow: false }
  const rpc = (async ({ name }: { name: string }) => {
    if (state.failure) throw new AppError(state.failure)
    if (name.endsWith('listPlaybackRevocations')) return { items: [], more: false }
    state.asked += 1
    if (state.slow) await new Promise((resolve) => setTimeout(resolve, 5000))
    return { videoId, expiresAt, visibility: state.visibility } as PlaybackGrant
  }) as unknown as Rpc
  const revocations = new PlaybackRevocations(rpc, pino({ level: 'silent' }))
  revocations.reload()
  await vi.waitFor(() => expect(revocations.loaded && !revocations.stale).toBe(true))
  const keys = new PlaybackKeys(rpc, { revocations, offlineMs: OFFLINE_MS })
  const grants = new Grants(rpc, { signer, revocations, keys, offlineMs: OFFLINE_MS })
  const token = (more: object = {}) =>
    signer.sign({ video: videoId, jti: randomUUID(), exp: Math.floor(Date.now() / 1000) + 3000, ...more })
  const hear = (type: keyof typeof events, data: object = {}) => {
    const envelope = { id: '', version: 1, occurredAt: '', aggregateId: videoId, sequence: 1 }
    const received = { ...envelope, type, data: { videoId, ...data } }
    grants.receive(received)
    revocations.receive(received)
  }
  return { grants, revocations, state, token, hear, videoId }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date', 'performance', 'setTimeout', 'clearTimeout'], now: 1_000_000 })
})
afterEach(() => {
  vi.useRealTimers()
})

describe('a reference that only media can check', () => {
  it('is kept for 30 seconds', async () => {
    const { grants, state } = await start()
    await grants.find('reference', call)
    vi.advanceTimersByTime(29_000)
    await grants.find('reference', call)
    expect(state.asked).toBe(1)
    vi.advanceTimersByTime(1_100)
    await grants.find('reference', call)
    expect(state.asked).toBe(2)
  })

  it('is kept no longer than its token, and not at all when that has expired', async () => {
    const { grants, state } = await start({ expiresAt: new Date(1_005_000).toISOString() })
    await grants.find('reference', call)
    vi.advanceTimersByTime(5_100)
    await grants.find('reference', call)
    await grants.find('reference', call)
    expect(state.asked).toBe(3)
  })

  it('is one of ten thousand at most; what was used least recently is evicted', async () => {
    const { grants, state } = await start()
    for (let at = 0; at <= 10_000; at++) await grants.find(`reference ${at}`, call)
    await grants.find('reference 1', call)
    expect(state.asked).toBe(10_001)
    await grants.find('reference 0', call)
    expect(state.asked).toBe(10_002)
  })
})

describe('a token of this installation', () => {
  it('is checked here: media is asked once a video, however many links it has', async () => {
    const { grants, state, token, videoId } = await start()
    const [one, two] = [token({ maxHeight: 480 }), token({ download: true })]
    expect(await grants.find(one, call)).toMatchObject({ videoId, maxHeight: 480, download: false })
    expect(await grants.find(two, call)).toMatchObject({ videoId, maxHeight: null, download: true })
    expect(state.asked).toBe(1)
  })

  it('ends by itself, by its revocation and with its video', async () => {
    const { grants, token, hear, state } = await start()
    const jti = randomUUID()
    const [short, revoked, other] = [token({ exp: 1030 }), token({ jti }), token()]
    for (const one of [short, revoked, other]) await grants.find(one, call)
    const denied = { code: 'PLAYBACK_DENIED' }
    hear('playback.revoked', { tokenId: jti, expiresAt: new Date(9_000_000).toISOString() })
    await expect(grants.find(revoked, call)).rejects.toMatchObject(denied)
    await grants.find(short, call)
    vi.advanceTimersByTime(30_000)
    await expect(grants.find(short, call)).rejects.toMatchObject(denied)
    state.failure = 'VIDEO_NOT_FOUND'
    hear('video.deleted')
    await expect(grants.find(other, call)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  })

  it('shows a private video, whose id does not', async () => {
    const { grants, state, token, videoId, hear } = await start()
    await grants.find(videoId, call)
    hear('video.changed', { visibility: 'private', playable: true, status: 'ready' })
    state.failure = 'NOT_SENT'
    await expect(grants.find(videoId, call)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
    await grants.find(token(), call)
  })
})

describe('while media does not answer', () => {
  it.each(['NOT_SENT', 'CIRCUIT_OPEN', 'TIMEOUT', 'DEPENDENCY_UNAVAILABLE'] as const)(
    'known videos play on for a limited time (%s)',
    async (failure) => {
      const { grants, state, token, revocations, videoId } = await start()
      await grants.find(videoId, call)
      state.failure = failure
      grants.invalidateAll()
      revocations.reload()
      vi.advanceTimersByTime(OFFLINE_MS - 1000)
      await grants.find(token(), call)
      await grants.find(videoId, call)
      vi.advanceTimersByTime(2000)
      await expect(grants.find(videoId, call)).rejects.toMatchObject({ code: failure })
    },
  )

  it('nobody waits longer than a second, and only one waits at all', async () => {
    const { grants, state, videoId, token } = await start()
    await grants.find(videoId, call)
    vi.advanceTimersByTime(31_000)
    state.slow = true
    const first = grants.find(videoId, call)
    await vi.advanceTimersByTimeAsync(1000)
    expect(await first).toMatchObject({ videoId })
    expect(await grants.find(token(), call)).toMatchObject({ videoId })
    expect(state.asked).toBe(2)
    await vi.advanceTimersByTimeAsync(5000)
    await grants.find(videoId, call)
    expect(state.asked).toBe(2)
  })

  it('a video that became ready before is known although nobody has played it', async () => {
    const { grants, state, hear, videoId } = await start()
    hear('video.changed', { visibility: 'public', playable: true, status: 'ready' })
    await vi.waitFor(() => expect(state.asked).toBe(1))
    state.failure = 'CIRCUIT_OPEN'
    expect(await grants.find(videoId, call)).toMatchObject({ videoId })
  })

  it('refusals are refusals', async () => {
    const { grants, state, videoId } = await start()
    await grants.find(videoId, call)
    vi.advanceTimersByTime(31_000)
    state.failure = 'VIDEO_NOT_FOUND'
    await expect(grants.find(videoId, call)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  })
})
