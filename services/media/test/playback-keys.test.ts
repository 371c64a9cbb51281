import { generateKeyPairSync, randomUUID, sign } from 'node:crypto'
import type { Input } from '@kinora/common/contract'
import { events, media, type Video } from '@kinora/common/contracts'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { sql } from 'kysely'
import { describe, expect, it, test } from 'vitest'
import { retireKeysBy } from '../src/operations/retire-playback-keys.ts'
import { recordErasure } from '../src/repositories/erased-projects.ts'
import { deleteOldPlaybackKeys } from '../src/repositories/playback-keys.ts'
import { connectAuditLog } from './support/audit-records.ts'
import { ANONYMOUS, connectGateway, someUser, type UserActor } from './support/gateway.ts'
import { startTestMedia } from './support/media.ts'
import { doAllWork, videoWhen } from './support/process.ts'
import { someFacts } from './support/results.ts'
import { connectWorker } from './support/worker.ts'

const world = await useTestEnvironment()
const { ctx } = await startTestMedia(world)
const gateway = await connectGateway(world)
const worker = await connectWorker(world, ctx)
const auditOf = await connectAuditLog(world)
const { call } = gateway
const GATEWAY = { kind: 'service', name: 'gateway' } as const
const NOT_FOUND = { code: 'PLAYBACK_KEY_NOT_FOUND' }

const create = (owner: UserActor, input: Input<typeof media.createPlaybackKey> = {}) =>
  call(media.createPlaybackKey, input, owner)
const list = (owner: UserActor, input: Input<typeof media.listPlaybackKeys> = {}) =>
  call(media.listPlaybackKeys, input, owner)
const retire = (owner: UserActor, playbackKeyId: string) => call(media.retirePlaybackKey, { playbackKeyId }, owner)
const authorize = (reference: string) => call(media.authorizePlayback, { reference }, ANONYMOUS)

/** What a customer's server signs. */
function signed(key: string | undefined, kid: string, sub: string, claims: object = {}): string {
  const exp = Math.floor(Date.now() / 1000) + 3600
  const parts = [
    { alg: 'ES256', kid },
    { aud: 'playback', sub, exp, ...claims },
  ]
  const text = parts.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = sign('sha256', Buffer.from(text), { key: key ?? '', dsaEncoding: 'ieee-p1363' })
  return `${text}.${signature.toString('base64url')}`
}

async function readyVideo(owner: UserActor): Promise<Video> {
  const { id } = await gateway.upload(owner)
  await doAllWork(worker, id, someFacts(4, { width: 320, height: 240 }, false))
  return await videoWhen(gateway, owner, id, (video) => video.status === 'ready')
}

describe('a playback key', () => {
  it('is made with a private half that is shown once and stored nowhere', async () => {
    const owner = someUser()
    const { privateKey = '', ...key } = await create(owner, { name: 'Web site' })
    expect(key).toEqual({
      id: expect.any(String),
      projectId: owner.userId,
      ownerId: owner.userId,
      name: 'Web site',
      algorithm: 'ES256',
      publicKey: expect.stringContaining('BEGIN PUBLIC KEY'),
      createdAt: expect.any(String),
    })
    expect(await list(owner)).toEqual({ items: [key], nextCursor: null })
    const { rows } = await sql`select playback_keys::text, (select string_agg(outbox::text, '') from outbox)
      from playback_keys where id = ${key.id}`.execute(ctx.db)
    const secret = privateKey.split('\n')[1] ?? ''
    expect(secret.length).toBeGreaterThan(50)
    expect(JSON.stringify(rows)).not.toContain(secret)
  })

  it('is a public key of the customer', async () => {
    const owner = someUser()
    const { publicKey } = generateKeyPairSync('ed25519')
    const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString()
    const jwk = publicKey.export({ format: 'jwk' }) as Input<typeof media.createPlaybackKey>['publicKey']
    for (const given of [pem, jwk]) {
      const key = await create(owner, { publicKey: given })
      expect(key).toMatchObject({ algorithm: 'EdDSA', publicKey: pem, name: null })
      expect(key).not.toHaveProperty('privateKey')
    }
    const withPrivateHalf = generateKeyPairSync('ed25519').privateKey.export({ format: 'jwk' })
    for (const publicKey of ['hello', withPrivateHalf as never, { kty: 'RSA', n: 'AAAA', e: 'AQAB' } as never]) {
      await expect(create(owner, { publicKey })).rejects.toMatchObject({ code: 'VALIDATION_FAILED' })
    }
  })

  it('is one of twenty of a project, also when many are made at once; a retired one makes room', async () => {
    const owner = someUser()
    const outcomes = await Promise.allSettled(Array.from({ length: 24 }, () => create(owner)))
    const codes = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason.code] : []))
    expect(codes).toEqual(Array(4).fill('PLAYBACK_KEY_LIMIT_REACHED'))
    const first = await list(owner, { limit: 15 })
    const second = await list(owner, { limit: 15, cursor: first.nextCursor ?? '' })
    const ids = [...first.items, ...second.items].map(({ id }) => id)
    expect([new Set(ids).size, second.nextCursor]).toEqual([20, null])
    await retire(owner, ids[0] ?? '')
    await create(owner)
    expect((await list(owner, { limit: 100 })).items.some(({ id }) => id === ids[0])).toBe(false)
    await create(someUser())
    // Retired ones are kept for gateways, and bounded as well.
    await sql`update playback_keys set retired_at = now() where project_id = ${owner.userId}`.execute(ctx.db)
    await sql`insert into playback_keys (id, project_id, owner_id, algorithm, public_key, retired_at)
      select gen_random_uuid(), ${owner.userId}, ${owner.userId}, 'ES256', '', now() from generate_series(1, 180)`.execute(
      ctx.db,
    )
    await expect(create(owner)).rejects.toMatchObject({ code: 'PLAYBACK_KEY_LIMIT_REACHED' })
  })

  it('is retired once, by the first of several requests; gateways and the audit log hear of it', async () => {
    const owner = someUser()
    const { id } = await create(owner)
    await expect(retire(someUser(), id)).rejects.toMatchObject(NOT_FOUND)
    const outcomes = await Promise.allSettled(Array.from({ length: 4 }, () => retire(owner, id)))
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1)
    await until(() => gateway.heardOf('playback.key-retired', id).length === 1)
    const { items } = await call(media.listPlaybackRevocations, { of: 'keys', after: null }, GATEWAY)
    const kept = Date.parse(items.find((item) => item.id === id)?.expiresAt ?? '') - Date.now()
    expect(Math.abs(kept - 7 * 86_400_000)).toBeLessThan(60_000)
    await until(() => auditOf(id).length === 2)
    expect(auditOf(id)).toMatchObject([
      { action: 'playback_key_create', actor: { kind: 'user', userId: owner.userId, role: 'user' } },
      { action: 'playback_key_retire' },
    ])
  })

  it('is shown to gateways, and to nobody else', async () => {
    const owner = someUser()
    const { id, projectId, algorithm, publicKey } = await create(owner)
    const ask = (actor: UserActor | typeof GATEWAY) => call(media.getPlaybackKey, { playbackKeyId: id }, actor)
    expect(await ask(GATEWAY)).toEqual({ id, projectId, algorithm, publicKey })
    await expect(ask(owner)).rejects.toMatchObject({ code: 'FORBIDDEN' })
    await retire(owner, id)
    await expect(ask(GATEWAY)).rejects.toMatchObject(NOT_FOUND)
  })
})

test('a token of a key opens the videos of its project, until the key is retired', async () => {
  const owner = someUser()
  const [key, foreign] = [await create(owner), await create(someUser())]
  const { id: videoId } = await readyVideo(owner)
  const token = signed(key.privateKey, key.id, videoId, { maxHeight: 480, download: true })
  expect(await authorize(token)).toMatchObject({ videoId, tokenId: null, maxHeight: 480, download: true })
  const plain = signed(key.privateKey, key.id, videoId)
  expect(await authorize(plain)).toMatchObject({ maxHeight: null, download: false })
  await expect(call(media.prepareDownload, { reference: plain, height: 240 }, ANONYMOUS)).rejects.toMatchObject({
    code: 'DOWNLOAD_DENIED',
  })
  const wish = { reference: token, height: 240 }
  expect(await call(media.prepareDownload, wish, ANONYMOUS)).toMatchObject({ status: 'preparing' })

  // To others a video of this project is one that does not exist, to the letter.
  const refusal = (reference: string) => authorize(reference).catch(({ code, detail }) => ({ code, detail }))
  const missing = await refusal(signed(key.privateKey, key.id, randomUUID()))
  expect(missing).toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  for (const visibility of ['private', 'public'] as const) {
    await call(media.updateVideo, { videoId, visibility }, owner)
    expect(await refusal(signed(foreign.privateKey, foreign.id, videoId))).toEqual(missing)
  }
  // Signed by one key in the name of the other.
  const DENIED = { code: 'PLAYBACK_DENIED', detail: 'This playback link is no longer valid' }
  expect(await refusal(signed(foreign.privateKey, key.id, videoId))).toEqual(DENIED)
  expect(await refusal(signed(key.privateKey, randomUUID(), videoId))).toEqual(DENIED)
  await retire(owner, key.id)
  expect(await refusal(token)).toEqual(DENIED)
  expect(await refusal(signed(key.privateKey, key.id, randomUUID()))).toEqual(DENIED)
})

test('a token of a key neither shows the source with its metadata, nor outlives its video', async () => {
  const owner = someUser()
  const key = await create(owner)
  const { id: videoId } = await gateway.upload(owner)
  const token = signed(key.privateKey, key.id, videoId, { source: true, jti: randomUUID() })
  await expect(authorize(token)).rejects.toMatchObject({ code: 'PLAYBACK_NOT_READY' })
  await expect(call(media.authorizeSource, { reference: token }, ANONYMOUS)).rejects.toMatchObject({
    code: 'SOURCE_NOT_PLAYABLE',
  })
  await call(media.deleteVideo, { videoId }, owner)
  await expect(authorize(token)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
})

test('keys that a stranger registered before an account was claimed are retired, and no later ones', async () => {
  const owner = someUser()
  const [before, after] = [await create(owner), await create(owner)]
  await ctx.db
    .updateTable('playback_keys')
    .set({ created_at: sql<Date>`now() + interval '1 hour'` })
    .where('id', '=', after.id)
    .execute()
  await ctx.db.transaction().execute((tx) => retireKeysBy(tx, owner.userId, new Date(Date.now() + 1000)))
  ctx.wake.emit('outbox')
  await until(() => gateway.heardOf(events['playback.key-retired'].type, before.id).length === 1)
  expect((await list(owner)).items.map(({ id }) => id)).toEqual([after.id])
})

test('keys go with their project, and old retired ones after a week', async () => {
  const [owner, other] = [someUser(), someUser()]
  const [, old] = [await create(owner), await create(other)]
  await retire(other, old.id)
  await ctx.db
    .updateTable('playback_keys')
    .set({ retired_at: sql<Date>`now() - interval '8 days'` })
    .where('id', '=', old.id)
    .execute()
  const { items } = await call(media.listPlaybackRevocations, { of: 'keys', after: null }, GATEWAY)
  expect(items.some(({ id }) => id === old.id)).toBe(false)
  await deleteOldPlaybackKeys(ctx.db)
  await ctx.db.transaction().execute((tx) => recordErasure(tx, owner.userId))
  ctx.wake.emit('erasures')
  const rows = () =>
    ctx.db.selectFrom('playback_keys').select('id').where('owner_id', 'in', [owner.userId, other.userId]).execute()
  await until(async () => (await rows()).length === 0)
  await expect(create(owner)).rejects.toMatchObject({ code: 'ACCOUNT_ERASED' })
})
