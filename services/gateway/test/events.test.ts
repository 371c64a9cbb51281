import { createHmac, randomBytes, randomUUID } from 'node:crypto'
import { sealApiKey } from '@kinora/common/api-key'
import { events, type KeyDocument, type Scope, type Video } from '@kinora/common/contracts'
import { playbackSigner } from '@kinora/common/playback-token'
import { until } from '@kinora/dev/harness'
import jwt from 'jsonwebtoken'
import { describe, expect, it, onTestFinished } from 'vitest'
import { createSigner } from './support/access-tokens.ts'
import { PLAYBACK_SECRET } from './support/start-test-gateway.ts'
import { useGateway } from './support/use-gateway.ts'

const { gateway, auth, media, request, signedIn } = await useGateway()

interface Stream {
  status: number
  text: string
  ended: boolean
  events(): { event: string; id?: string; data: Record<string, unknown> }[]
}

const open = (videoId: string, headers: Record<string, string>) => openAt(`/v1/videos/${videoId}/events`, headers)

async function openAt(path: string, headers: Record<string, string> = {}): Promise<Stream> {
  const stop = new AbortController()
  onTestFinished(() => stop.abort())
  const answer = await fetch(`${gateway.url}${path}`, { headers, signal: stop.signal })
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

describe('an events token', () => {
  interface EventsToken {
    token: string
    url: string
    expiresAt: string
  }

  async function createToken(videoId: string, headers: Record<string, string>): Promise<EventsToken> {
    const answer = await request(`/v1/videos/${videoId}/events-token`, { method: 'POST', headers })
    expect([answer.status, answer.headers.get('cache-control')]).toEqual([201, 'no-store'])
    return (await answer.json()) as EventsToken
  }
  const by = (videoId: string, token: string) => openAt(`/v1/videos/${videoId}/events/${token}`)

  /** A token as the gateway signs it, but for what is given. */
  function forge(
    videoId: string,
    claims: object = {},
    { secret = PLAYBACK_SECRET, ...header }: Record<string, string> = {},
  ) {
    const key = createHmac('sha256', Buffer.from(secret, 'base64')).update('kinora events tokens').digest()
    const iat = Math.floor(Date.now() / 1000)
    const payload = {
      aud: 'events',
      sub: randomUUID(),
      sid: randomUUID(),
      video: videoId,
      iat,
      exp: iat + 300,
      ...claims,
    }
    return jwt.sign(payload, key, { header: { alg: 'HS256', typ: 'events+jwt', ...header } })
  }

  it('opens the stream of a private video without a header, as its account sees it', async () => {
    const userId = randomUUID()
    const video = media.addVideo({
      ownerId: userId,
      status: 'failed',
      error: { code: 'SOURCE_CORRUPT', detail: 'No.' },
    })
    const { url, token, expiresAt } = await createToken(video.id, signedIn(userId))
    expect(url).toBe(`http://kinora.test/v1/videos/${video.id}/events/${token}`)
    expect(Math.abs(Date.parse(expiresAt) - Date.now() - 300_000)).toBeLessThan(5000)
    const stream = await openAt(new URL(url).pathname)
    await until(() => stream.events().length === 1)
    await say(video, 2, { error: { code: 'SOURCE_UNSUPPORTED', detail: 'Still no.' } })
    await until(() => stream.events().length === 2)
    expect(stream.events()[1]).toMatchObject({ data: { error: { code: 'SOURCE_UNSUPPORTED' } } })
    await until(() => gateway.log.some((line) => line.includes(`/v1/videos/${video.id}/events-token`)))
    expect(gateway.log.join('')).not.toContain(token)
  })

  it('is made for those who may see the video, and for nobody without an account', async () => {
    const refused = await request(`/v1/videos/${randomUUID()}/events-token`, { method: 'POST', headers: signedIn() })
    expect(refused.status).toBe(404)
    const { id } = media.addVideo({ visibility: 'public' })
    expect((await request(`/v1/videos/${id}/events-token`, { method: 'POST' })).status).toBe(401)
  })

  it('is refused where it is forged, expired or of another video', async () => {
    const [video, other] = [media.addVideo({ visibility: 'public' }), media.addVideo({ visibility: 'public' })]
    expect((await by(video.id, forge(video.id))).status).toBe(200)
    const now = Math.floor(Date.now() / 1000)
    const [head, body, signature] = forge(video.id).split('.')
    const none = Buffer.from('{"alg":"none","typ":"events+jwt"}').toString('base64url')
    const playback = playbackSigner([PLAYBACK_SECRET], () => new Date())
    const tokens = {
      'of another video': forge(other.id),
      expired: forge(video.id, { iat: now - 301, exp: now - 1 }),
      'by another secret': forge(video.id, {}, { secret: Buffer.alloc(32, 'x').toString('base64') }),
      'by the secret itself': jwt.sign({ aud: 'events', video: video.id }, Buffer.from(PLAYBACK_SECRET, 'base64')),
      'of another type': forge(video.id, {}, { typ: 'playback+jwt' }),
      'for another audience': forge(video.id, { aud: 'playback' }),
      'by another algorithm': forge(video.id, {}, { alg: 'HS512' }),
      'without an account': forge(video.id, { sub: undefined }),
      'without a session': forge(video.id, { sid: undefined }),
      'with a key in a foreign project': forge(video.id, { sid: undefined, key: randomUUID(), project: randomUUID() }),
      'alg none': `${none}.${body}.`,
      'alg none, signed': `${none}.${body}.${signature}`,
      'without a signature': `${head}.${body}.`,
      'a playback token': playback.sign({ video: video.id, exp: now + 300 }),
      'an access token': auth.signer.sign(),
      nonsense: 'nonsense',
    }
    for (const [what, token] of Object.entries(tokens)) {
      const answer = await request(`/v1/videos/${video.id}/events/${token}`)
      expect([what, answer.status, ((await answer.json()) as { code: string }).code]).toEqual([
        ...[what, 401, 'EVENTS_TOKEN_INVALID'],
      ])
    }
  })

  it('opens nothing else', async () => {
    const userId = randomUUID()
    const video = media.addVideo({ ownerId: userId, status: 'ready', playable: true })
    const { token } = await createToken(video.id, signedIn(userId))
    const authorization = `Bearer ${token}`
    const requests: [string, RequestInit][] = [
      [`/v1/videos/${video.id}`, { headers: { authorization } }],
      [`/v1/videos/${video.id}/events`, { headers: { authorization } }],
      [`/v1/videos/${video.id}/events-token`, { method: 'POST', headers: { authorization } }],
      [`/v1/videos`, { headers: { authorization } }],
      [`/play/${token}/master.m3u8`, {}],
      [`/u/${token}`, {}],
    ]
    const statuses: number[] = []
    for (const [path, init] of requests) statuses.push((await request(path, init)).status)
    expect(statuses).toEqual([401, 401, 401, 401, 403, 404])
  })

  it('and its stream end with the session', async () => {
    const [userId, sessionId] = [randomUUID(), randomUUID()]
    const video = media.addVideo({ ownerId: userId })
    const { token } = await createToken(video.id, signedIn(userId, sessionId))
    const stream = await by(video.id, token)
    await until(() => stream.events().length === 1)
    const expiresAt = new Date(Date.now() + 900_000).toISOString()
    const revocation = { sequence: 1, sessionIds: [sessionId], reason: 'logout', expiresAt }
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 1, revocation)
    await until(() => stream.ended)
    const again = await request(`/v1/videos/${video.id}/events/${token}`)
    expect(await again.json()).toMatchObject({ status: 401, code: 'TOKEN_REVOKED' })
  })

  it('of an API key needs its scope, has its project, and ends with it', async () => {
    const [userId, projectId, id] = [randomUUID(), randomUUID(), randomUUID()]
    const video = media.addVideo({ projectId })
    const { resolveApiKey, listMemberships } = auth.on
    let scopes: Scope[] = ['videos:write']
    auth.on.listMemberships = async () => ({ projects: { [projectId]: 'editor' } })
    auth.on.resolveApiKey = async () => {
      const by = { id, userId, projectId, projectRole: 'editor' as const, role: 'user' as const }
      return { ...by, scopes, ratePerMinute: null, expiresAt: new Date(Date.now() + 60_000).toISOString() }
    }
    const headers = () => ({ authorization: `Bearer ${sealApiKey(randomBytes(16).toString('hex'))}` })
    const refused = await request(`/v1/videos/${video.id}/events-token`, { method: 'POST', headers: headers() })
    expect(refused.status).toBe(403)
    scopes = ['videos:read']
    const { token, expiresAt } = await createToken(video.id, headers())
    expect(Date.parse(expiresAt)).toBeLessThanOrEqual(Date.now() + 60_000)
    const stream = await by(video.id, token)
    await until(() => stream.events().length === 1)
    const revoked = { sessionIds: [], apiKeyIds: [id], reason: 'api_key_revoked', expiresAt }
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 2, { sequence: 2, ...revoked })
    await until(() => stream.ended)
    const again = await request(`/v1/videos/${video.id}/events/${token}`)
    expect(await again.json()).toMatchObject({ status: 401, code: 'API_KEY_REVOKED' })
    Object.assign(auth.on, { resolveApiKey, listMemberships })
  })

  it('end with the access of the account: to its project, and to the video', async () => {
    const [userId, projectId] = [randomUUID(), randomUUID()]
    const video = media.addVideo({ projectId, visibility: 'public' })
    let roles: Record<string, 'viewer'> = { [projectId]: 'viewer' }
    const { listMemberships } = auth.on
    auth.on.listMemberships = async (input) => ({ projects: input.userId === userId ? roles : {} })
    const { token } = await createToken(video.id, signedIn(userId))
    const stream = await by(video.id, token)
    await until(() => stream.events().length === 1)
    roles = {}
    const expiresAt = new Date(Date.now() + 900_000).toISOString()
    const change = { sequence: 3, sessionIds: [], accountIds: [userId], reason: 'project_role_changed', expiresAt }
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 3, change)
    await until(() => stream.ended)
    const later = await by(video.id, token)
    await until(() => later.events().length === 1)
    await say(video, 5, { visibility: 'private', projectId })
    await until(() => later.ended)
    auth.on.listMemberships = listMemberships
  })
})

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
    const revocation = { sequence: 4, sessionIds: [sessionId], reason: 'logout', expiresAt }
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 4, revocation)
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
    await auth.say(events['auth.sessions-revoked'], randomUUID(), 5, {
      sequence: 5,
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
