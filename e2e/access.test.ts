import { useSystem } from '@kinora/dev/harness'
import { describe, expect, test } from 'vitest'
import { operations, type Rule } from './support/access/matrix.ts'
import { register } from './support/accounts.ts'
import type { Page, PlaybackToken, Session } from './support/api-types.ts'
import { type Client, createClient } from './support/client.ts'
import { useClips } from './support/clips.ts'
import { GENEROUS } from './support/settings.ts'
import { timelineOf, untilStatus, untilVideo, upload } from './support/videos.ts'

const clips = useClips()
const system = await useSystem({ env: GENEROUS })
const anonymous = createClient(system.gatewayUrl)
const { client: owner, tokens } = await register(anonymous)
const { client: stranger } = await register(anonymous)

const video = await upload(owner, await clips.make('silent.mp4'))
await untilStatus(owner, video.id, 'ready')
// The last thing that is made.
await untilVideo(owner, video.id, ({ playback }) => playback?.storyboardUrl != null)
const token = await owner.call<PlaybackToken>('POST', `/v1/videos/${video.id}/playback-tokens`, {})
const apiKey = await owner.call<{ id: string }>('POST', '/v1/api-keys', { name: 'mine', scopes: ['videos:read'] })
// Nothing is reached there (RFC 6761).
const target = { url: 'https://hooks.invalid/kinora', events: ['video.ready'] }
const webhook = await owner.call<{ id: string }>('POST', '/v1/webhooks', target)
const delivery = await owner.call<{ id: string }>('POST', `/v1/webhooks/${webhook.id}/test`)
const begun = await owner.send('POST', '/v1/uploads', {
  headers: { 'tus-resumable': '1.0.0', 'upload-length': '1000' },
})
const project = await owner.call<{ id: string }>('POST', '/v1/projects', { name: 'Ours' })
const invitation = await owner.call<{ id: string }>('POST', `/v1/projects/${project.id}/invitations`, {
  ...{ email: 'colleague@kinora.test', role: 'viewer' },
})
const uploadLink = await owner.call<{ id: string }>('POST', '/v1/upload-links', {})
const playbackKey = await owner.call<{ id: string }>('POST', '/v1/playback-keys', {})
const [task] = await timelineOf(owner, video.id)
const [session] = (await owner.call<Page<Session>>('GET', '/v1/auth/sessions')).items

/** What the owner has, by the name that a path gives to its id. */
const OWNED: Record<string, string> = {
  videoId: video.id,
  lang: 'en',
  trackId: '1',
  tokenId: token.id,
  taskId: task?.taskId ?? '',
  sessionId: session?.id ?? '',
  keyId: apiKey.id,
  uploadId: begun.headers.get('location')?.split('/').at(-1) ?? '',
  webhookId: webhook.id,
  deliveryId: delivery.id,
  userId: tokens.user.id,
  projectId: project.id,
  invitationId: invitation.id,
  linkId: uploadLink.id,
  playbackKeyId: playbackKey.id,
}
const MISSING = '01890a5d-ac96-774b-bcce-b302099a8057'
/** An id that nothing has; audio tracks are numbered within their video. */
const missing = (name: string) => (name === 'trackId' ? '999' : MISSING)

const CODES_BY_STATUS: Record<number, string> = { 401: 'UNAUTHENTICATED', 404: 'UPLOAD_NOT_FOUND' }

type Operation = Rule & { method: string; path: string }

function idOf(name: string): string {
  const id = OWNED[name]
  if (!id) throw new Error(`Nothing here is called ${name}: give the owner one`)
  return id
}

async function refusal(client: Client, { method, path, json, body, headers }: Operation, id: (name: string) => string) {
  const address = path.replace(/\{(\w+)\}/g, (_, name: string) => id(name))
  const sent = body
    ? { body: body.bytes, headers: { ...headers, 'content-type': body.type } }
    : { json, ...(headers && { headers }) }
  const answer = await client.refusal(method, address, sent)
  // An answer to HEAD has no body.
  const code = method === 'HEAD' ? CODES_BY_STATUS[answer.status] : answer.body.code
  return { status: answer.status, code, challenge: answer.headers.get('www-authenticate') }
}

/** Everything of the owner's that a stranger might have changed. */
async function belongings() {
  const [me, sessions, videos, keys, webhooks, usage] = await Promise.all([
    owner.call('GET', '/v1/auth/me'),
    owner.call<Page<Session>>('GET', '/v1/auth/sessions'),
    owner.call('GET', '/v1/videos'),
    owner.call('GET', '/v1/api-keys'),
    owner.call<Page<{ id: string; enabled: boolean }>>('GET', '/v1/webhooks'),
    owner.call<{ bytes: number; limits: object }>('GET', '/v1/usage'),
  ])
  const { status } = await fetch(token.hlsUrl)
  return {
    me,
    keys,
    usage: { bytes: usage.bytes, limits: usage.limits },
    webhooks: webhooks.items.map(({ id, enabled }) => ({ id, enabled })),
    sessions: sessions.items.map(({ id }) => id),
    videos: JSON.stringify(videos).replace(/\/play\/[^/]+/g, ''),
    playback: status,
  }
}

const before = await belongings()

describe.each(operations('user', 'owner', 'support', 'admin'))('$method $path', (operation) => {
  test('asks those who are not signed in to sign in', async () => {
    expect(await refusal(anonymous, operation, (name) => OWNED[name] ?? missing(name))).toEqual({
      status: 401,
      code: 'UNAUTHENTICATED',
      challenge: expect.stringContaining('Bearer'),
    })
  })
})

describe.each(operations('owner', 'viewer'))('$method $path', (operation) => {
  test('tells a stranger exactly what it tells about a thing that does not exist', async () => {
    const answer = await refusal(stranger, operation, idOf)
    expect(answer).toEqual(await refusal(stranger, operation, missing))
    expect(answer.status).toBe(404)
  })
})

test.each(operations('support', 'admin'))('$method $path is forbidden to those who are neither', async (operation) => {
  expect(await refusal(stranger, operation, missing)).toMatchObject({ status: 403 })
})

test('the owner reads what ffmpeg printed', async () => {
  const { headers, body } = await owner.send('GET', `/v1/videos/${video.id}/tasks/${task?.taskId}/log`)
  expect(headers.get('content-type')).toBe('text/plain; charset=utf-8')
  expect(body).toMatch(/^\$ ffprobe /)
})

test('nothing of the owner has changed by all this', async () => {
  expect(await belongings()).toEqual(before)
})
