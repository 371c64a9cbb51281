import { randomUUID } from 'node:crypto'
import { events, type KeyDocument, type Video } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSigner } from './support/access-tokens.ts'
import { useGateway } from './support/use-gateway.ts'

const { gateway, auth, media, request, signedIn } = await useGateway()

interface Stream {
  status: number
  text: string
  ended: boolean
  events(): { event: string; id?: string; data: Record<string, unknown> }[]
}

async function open(videoId: string, headers: Record<string, string>): Promise<Stream> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const answer = await fetch(`${gateway.url}/v1/videos/${videoId}/events`, { headers, signal: stop.signal })
  const stream: Stream = { status: answer.status, text: '', ended: false, events: () => parse(stream.text) }
  const read = async () => {
    const decoder = new TextDecoder()
    for await (const chunk of answer.body ?? []) stream.text += decoder.decode(chunk as Uint8Array, { stream: true })
    stream.ended = true
  }
  read().catch(() => {})
  return stream
}

function parse(text: string): ReturnType<Stream['events']> {
  const blocks = text.split('\n\n').filter((block) => block.startsWith('event:'))
  return blocks.map((block) => {
    const fields = Object.fromEntries(block.split('\n').map((line) => line.split(/: (.*)/s).slice(0, 2)))
    return { ...fields, data: JSON.parse(fields.data) }
  })
}

async function say(video: Video, sequence: number, fields: Partial<Video>): Promise<void> {
  Object.assign(video, fields)
  const { id: videoId, ownerId, status, playable, visibility, progress, error } = video
  await media.say(events['video.changed'], videoId, sequence, {
    videoId,
    ownerId,
    status,
    playable,
    visibility,
    progress,
    error,
  })
}

/** Auth has other keys from now on, and says that they have changed. */
async function changeKeys(document: KeyDocument | Pick<KeyDocument, 'keys'>): Promise<void> {
  auth.on.getJwks = async () => document
  await auth.say(events['auth.keys-changed'], 'keys', 0, {})
}

describe('a stream of events', () => {
  it('starts with the present state and continues with changes', async () => {
    const userId = randomUUID()
    const video = media.addVideo({ ownerId: userId, status: 'processing' })
    const stream = await open(video.id, signedIn(userId))
    await until(() => stream.events().length === 1)
    await say(video, 7, { progress: { percent: 40, stage: 'transcoding', etaSeconds: null } })
    await say(video, 8, {
      status: 'ready',
      playable: true,
      progress: { percent: 100, stage: 'done', etaSeconds: null },
    })
    await until(() => stream.events().length === 3)
    expect(stream.events()).toMatchObject([
      { event: 'status', data: { videoId: video.id, status: 'processing' } },
      { event: 'progress', id: '7', data: { progress: { percent: 40 } } },
      { event: 'status', id: '8', data: { status: 'ready', playable: true } },
    ])
    expect(stream.ended).toBe(false)
  })

  it('starts after a reconnect with the present state, whatever the Last-Event-ID', async () => {
    const video = media.addVideo({ visibility: 'public', status: 'ready' })
    const stream = await open(video.id, { ...signedIn(), 'last-event-id': '3' })
    await until(() => stream.events().length === 1)
    expect(stream.events()).toMatchObject([{ event: 'status', data: { status: 'ready' } }])
  })

  it('ignores an old event that arrives late', async () => {
    const video = media.addVideo({ visibility: 'public', status: 'processing' })
    const stream = await open(video.id, signedIn())
    await until(() => stream.events().length === 1)
    await say(video, 9, { progress: { percent: 90, stage: 'transcoding', etaSeconds: null } })
    await say(video, 8, { progress: { percent: 80, stage: 'transcoding', etaSeconds: null } })
    await say(video, 10, { progress: { percent: 95, stage: 'transcoding', etaSeconds: null } })
    await until(() => stream.events().length === 3)
    expect(stream.events().map(({ id }) => id)).toEqual([undefined, '9', '10'])
  })

  it('of a video that the caller may not see does not open', async () => {
    const stream = await open(randomUUID(), signedIn())
    expect(stream.status).toBe(404)
  })

  it('ends for others than the owner when the video becomes private', async () => {
    const ownerId = randomUUID()
    const video = media.addVideo({ ownerId, visibility: 'public' })
    const [stranger, owner] = [await open(video.id, {}), await open(video.id, signedIn(ownerId))]
    await until(() => stranger.events().length === 1 && owner.events().length === 1)
    await say(video, 1, { visibility: 'private', title: 'x' })
    await until(() => stranger.ended && owner.events().length === 2)
    expect(stranger.text).toMatch(/retry: \d+\n\n$/)
    expect(owner.ended).toBe(false)
  })

  it('shows the reason of a failure only to the owner', async () => {
    const ownerId = randomUUID()
    const video = media.addVideo({ ownerId, visibility: 'public' })
    const [stranger, owner] = [await open(video.id, {}), await open(video.id, signedIn(ownerId))]
    await until(() => stranger.events().length === 1 && owner.events().length === 1)
    const error = { code: 'SOURCE_CORRUPT', detail: 'The file is damaged.' }
    await say(video, 1, { status: 'failed', error })
    await until(() => stranger.events().length === 2 && owner.events().length === 2)
    expect(stranger.events()[1]).toMatchObject({ data: { status: 'failed', error: null } })
    expect(owner.events()[1]).toMatchObject({ data: { status: 'failed', error } })
  })

  it('ends with the session', async () => {
    const sessionId = randomUUID()
    const video = media.addVideo({ visibility: 'public' })
    const stream = await open(video.id, signedIn(randomUUID(), sessionId))
    await until(() => stream.events().length === 1)
    const expiresAt = new Date(Date.now() + 900_000).toISOString()
    const revocation = { sequence: 1, sessionIds: [sessionId], reason: 'logout', expiresAt }
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 1, revocation)
    await until(() => stream.ended)
  })

  it('ends at once if session or signing key end while the video is read', async () => {
    const { jwk, sign } = createSigner()
    await changeKeys({ keys: [auth.signer.jwk, jwk] })
    const video = media.addVideo({ visibility: 'public' })
    const expiresAt = new Date(Date.now() + 900_000).toISOString()
    const sessionId = randomUUID()
    const bySession = signedIn(randomUUID(), sessionId)
    const byKey = { authorization: `Bearer ${sign()}` }
    const statusFor = async (headers: Record<string, string>) => (await request('/v1/videos', { headers })).status
    await until(async () => (await statusFor(byKey)) === 200)

    const { getVideo } = media.on
    let answer = () => {}
    const held = new Promise<void>((resolve) => (answer = resolve))
    const before = media.calls.getVideo ?? 0
    media.on.getVideo = async (input, call) => {
      await held
      return await (getVideo as NonNullable<typeof getVideo>)(input, call)
    }
    const opening = [open(video.id, bySession), open(video.id, byKey)]
    await until(() => media.calls.getVideo === before + 2)
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 2, {
      sequence: 2,
      sessionIds: [sessionId],
      reason: 'logout',
      expiresAt,
    })
    await changeKeys({ keys: [auth.signer.jwk], retired: [{ kid: jwk.kid, expiresAt }] })
    for (const headers of [bySession, byKey]) await until(async () => (await statusFor(headers)) === 401)
    answer()
    media.on.getVideo = getVideo
    for (const stream of await Promise.all(opening)) await until(() => stream.ended)
  })

  it('ends with the key that signed the access token', async () => {
    const { jwk, sign } = createSigner()
    await changeKeys({ keys: [auth.signer.jwk, jwk] })
    const video = media.addVideo({ visibility: 'public' })
    const stream = await until(async () => {
      const opened = await open(video.id, { authorization: `Bearer ${sign()}` })
      return opened.status === 200 && opened
    })
    await until(() => stream.events().length === 1)
    const expiresAt = new Date(Date.now() + 900_000).toISOString()
    await changeKeys({ keys: [auth.signer.jwk], retired: [{ kid: jwk.kid, expiresAt }] })
    await until(() => stream.ended)
  })

  it('ends with the access token', async () => {
    const video = media.addVideo({ visibility: 'public' })
    const stream = await open(video.id, { authorization: `Bearer ${auth.signer.sign({ expiresIn: 2 })}` })
    await until(() => stream.ended)
    expect(stream.events()).toHaveLength(1)
  })

  it('ends with the video', async () => {
    const video = media.addVideo({ visibility: 'public' })
    const stream = await open(video.id, signedIn())
    await until(() => stream.events().length === 1)
    await media.say(events['video.deleted'], video.id, 2, { videoId: video.id, ownerId: video.ownerId })
    await until(() => stream.ended)
  })

  it('is one of a limited number per user', async () => {
    const video = media.addVideo({ visibility: 'public' })
    const headers = signedIn()
    const streams = await Promise.all(Array.from({ length: 22 }, () => open(video.id, headers)))
    expect(streams.filter(({ status }) => status === 200)).toHaveLength(20)
    expect(streams.filter(({ status }) => status === 429)).toHaveLength(2)
  })
})
