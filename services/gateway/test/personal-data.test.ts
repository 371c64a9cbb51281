import { randomUUID } from 'node:crypto'
import type { AuditEntry, Session, Webhook } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { beforeEach, describe, expect, it } from 'vitest'
import { signingKey } from './support/playback-key.ts'
import { useGateway } from './support/use-gateway.ts'

const { auth, media, request, signedIn, another } = await useGateway()

const now = new Date().toISOString()
const account = {
  id: randomUUID(),
  email: 'ada@kinora.test',
  displayName: 'Ada',
  role: 'user' as const,
  emailVerified: true,
  mfaEnabled: false,
  createdAt: now,
}
const session: Session = {
  id: randomUUID(),
  userAgent: 'Firefox',
  ip: '203.0.113.7',
  createdAt: now,
  lastUsedAt: now,
  expiresAt: now,
  current: true,
}
const auditEntries: AuditEntry[] = Array.from({ length: 250 }, (_, index) => ({
  id: randomUUID(),
  action: `step ${index}`,
  apiKeyId: null,
  outcome: 'success',
  ip: null,
  userAgent: null,
  requestId: 'x',
  at: now,
}))
const token = { id: randomUUID(), videoId: randomUUID(), createdAt: now, expiresAt: now, revokedAt: null }
const webhook: Webhook = {
  id: randomUUID(),
  projectId: randomUUID(),
  ownerId: randomUUID(),
  url: 'https://example.com/hook',
  events: ['video.ready'],
  enabled: true,
  disabled: null,
  failingSince: null,
  previousSecretUntil: null,
  createdAt: now,
  updatedAt: now,
}
const { key: playbackKey } = signingKey()

beforeEach(() => {
  media.videos.clear()
  auth.on.exportAccount = async () => account
  auth.on.listSessions = async () => ({ items: [session], nextCursor: null })
  auth.on.listProjects = async () => ({ items: [], nextCursor: null })
  auth.on.listApiKeys = async () => ({ items: [], nextCursor: null })
  auth.on.listPasskeys = async () => ({ items: [], nextCursor: null })
  auth.on.listAudit = async ({ limit, cursor }) => {
    const from = Number(cursor ?? 0)
    const next = from + limit
    return {
      items: auditEntries.slice(from, next),
      nextCursor: next < auditEntries.length ? String(next) : null,
    }
  }
  media.on.listPlaybackTokens = async () => ({ items: [token], nextCursor: null })
  media.on.listPlaybackKeys = async () => ({ items: [playbackKey], nextCursor: null })
  media.on.listWebhooks = async () => ({ items: [webhook], nextCursor: null })
})

const askForExport = () => request('/v1/auth/me/export', { headers: signedIn() })

describe('an export', () => {
  it('is one file with all data from all pages, without playback tokens', async () => {
    const none = { posterUrl: null, storyboardUrl: null, waveformUrl: null }
    const playback = { hlsUrl: 'https://kinora.test/play/secret/master.m3u8', ...none }
    const video = media.addVideo({ title: 'Sea', playback })
    const answer = await askForExport()
    expect(answer.status).toBe(200)
    expect(answer.headers.get('content-type')).toContain('application/json')
    expect(answer.headers.get('content-disposition')).toBe('attachment; filename="kinora-export.json"')
    expect(answer.headers.get('cache-control')).toBe('no-store')
    const { playback: _, ...kept } = video
    expect(await answer.json()).toEqual({
      exportedAt: expect.any(String),
      account,
      projects: [],
      sessions: [session],
      apiKeys: [],
      passkeys: [],
      auditLog: auditEntries,
      videos: [kept],
      playbackTokens: [token],
      playbackKeys: [playbackKey],
      webhooks: [webhook],
      uploadLinks: [],
    })
  })

  it('does not begin when a service cannot answer', async () => {
    media.on.listPlaybackTokens = async () => {
      throw new AppError('DEPENDENCY_UNAVAILABLE')
    }
    const answer = await askForExport()
    expect(answer.status).toBe(503)
    expect(answer.headers.get('retry-after')).not.toBeNull()
    expect(answer.headers.get('content-disposition')).toBeNull()
    expect(await answer.json()).toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' })
  })

  it('is aborted, never completed with less data, when a service fails in the middle', async () => {
    const whole = auth.on.listAudit
    auth.on.listAudit = async (input, call) => {
      if (input.cursor === '200') throw new AppError('DEPENDENCY_UNAVAILABLE')
      if (!whole) throw new Error('set above')
      return await whole(input, call)
    }
    const answer = await askForExport()
    expect(answer.status).toBe(200)
    await expect(answer.text()).rejects.toThrow()
  })

  it('needs a signed-in user', async () => {
    expect((await request('/v1/auth/me/export')).status).toBe(401)
  })

  it('has an allowance of its own', async () => {
    const strict = await another({ RATE_LIMIT_EXPORT: '2/3600' })
    const headers = signedIn()
    const statuses: number[] = []
    for (let i = 0; i < 3; i += 1) {
      const answer = await fetch(`${strict.url}/v1/auth/me/export`, { headers })
      await answer.arrayBuffer()
      statuses.push(answer.status)
    }
    expect(statuses).toEqual([200, 200, 429])
  })
})

describe('the deletion of an account', () => {
  it('takes the password in the body, not in the URL', async () => {
    const inputs: unknown[] = []
    auth.on.eraseMe = async (input) => {
      inputs.push(input)
      return {}
    }
    const headers = { ...signedIn(), 'content-type': 'application/json' }
    const body = JSON.stringify({ password: 'a quiet harbour' })
    expect((await request('/v1/auth/me', { method: 'DELETE', headers, body })).status).toBe(204)
    const inAddress = await request('/v1/auth/me?password=x', { method: 'DELETE', headers: signedIn() })
    expect(inAddress.status).toBe(400)
    expect(inputs).toEqual([{ password: 'a quiet harbour' }])
  })
})
