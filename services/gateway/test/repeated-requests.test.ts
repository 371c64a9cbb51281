import { randomBytes, randomUUID } from 'node:crypto'
import { connectDb } from '@kinora/common/db'
import { useTestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'
import { describe, expect, it } from 'vitest'
import { cleanUp } from '../../auth/src/background/clean-up.ts'
import type { AuthDb } from '../../auth/src/db/schema.ts'
import { ready, startRealAuth, startRealMedia } from './support/real-services.ts'
import { startTestGateway } from './support/start-test-gateway.ts'

/* Idempotency keys and conditions on the version of a video, by HTTP, with real services behind the gateway. */

const world = await useTestEnvironment()
/** What is ahead of the time in auth. */
let aheadMs = 0
const auth = await startRealAuth(world, () => new Date(Date.now() + aheadMs))
let media = await startRealMedia(world)
const gateway = await startTestGateway(world)
await ready(gateway)

const logger = pino({ level: 'silent' })
const db = connectDb<AuthDb>({ url: world.databaseUrl('auth'), schema: 'auth', logger })
world.use(db, 'database of the test', (it) => it.destroy())
const keptOf = (userId: string) => db.selectFrom('idempotency_keys').selectAll().where('user_id', '=', userId).execute()

const password = 'correct horse battery'

interface Answer {
  status: number
  headers: Headers
  text: string
  body: Record<string, unknown>
}

async function send(token: string, method: string, path: string, value?: unknown, headers = {}, url = gateway.url) {
  const body = value === undefined ? {} : { body: typeof value === 'string' ? value : JSON.stringify(value) }
  const json: Record<string, string> = value === undefined ? {} : { 'content-type': 'application/json' }
  const answer = await fetch(url + path, {
    method,
    headers: { authorization: `Bearer ${token}`, ...json, ...headers },
    ...body,
  })
  const text = await answer.text()
  const parsed: Record<string, unknown> = text === '' ? {} : JSON.parse(text)
  return { status: answer.status, headers: answer.headers, text, body: parsed } satisfies Answer
}

async function signUp(): Promise<{ token: string; id: string }> {
  const answer = await fetch(`${gateway.url}/v1/auth/register`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ email: `${randomUUID()}@kinora.test`, password }),
  })
  const { accessToken, user } = (await answer.json()) as { accessToken: string; user: { id: string } }
  return { token: accessToken, id: user.id }
}

const { token, id: userId } = await signUp()
const stranger = await signUp()
const post = (path: string, value: unknown, key: string, as = token, url = gateway.url) =>
  send(as, 'POST', path, value, { 'idempotency-key': key }, url)
const isReplay = ({ headers }: Answer) => headers.get('idempotent-replayed') === 'true'
const videosOf = async (as: string, query = '') =>
  (await send(as, 'GET', `/v1/videos?limit=100${query}`)).body.items as Record<string, unknown>[]
const titled = async (title: string, as = token) => (await videosOf(as)).filter((video) => video.title === title)

describe('an Idempotency-Key', () => {
  it('gets the same answer again, with quotes and without, and makes one video', async () => {
    const key = randomUUID()
    const first = await post('/v1/videos', { title: 'Once' }, key)
    expect([first.status, isReplay(first)]).toEqual([201, false])
    for (const again of [key, `"${key}"`]) {
      const second = await post('/v1/videos', { title: 'Once' }, again)
      expect([second.status, second.text, isReplay(second)]).toEqual([201, first.text, true])
      expect(second.headers.get('content-type')).toBe('application/json; charset=utf-8')
    }
    expect(await titled('Once')).toHaveLength(1)
  })

  it('is refused for another body, path or method', async () => {
    const key = randomUUID()
    await post('/v1/videos', { title: 'First' }, key)
    for (const [path, body] of [
      ['/v1/videos', { title: 'Second' }],
      ['/v1/projects', { name: 'First' }],
    ] as const) {
      const other = await post(path, body, key)
      expect([other.status, other.body.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    }
    expect(await titled('Second')).toEqual([])
  })

  it('of several requests at the same time lets one through', async () => {
    const [key, another] = [randomUUID(), await startTestGateway(world)]
    await ready(another)
    const urls = Array.from({ length: 10 }, (_, n) => (n % 2 ? gateway : another).url)
    const answers = await Promise.all(urls.map((url) => post('/v1/videos', { title: 'Raced' }, key, token, url)))
    const made = answers.filter(({ status }) => status === 201)
    expect(made.filter((answer) => !isReplay(answer))).toHaveLength(1)
    expect(new Set(made.map(({ body }) => body.id)).size).toBe(1)
    for (const { status, body, headers } of answers.filter((answer) => !made.includes(answer))) {
      expect([status, body.code, headers.get('retry-after')]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE', '1'])
    }
    expect(await titled('Raced')).toHaveLength(1)
    await another.life.close()
    // The gateway that has answered is gone, its answer is not.
    expect(isReplay(await post('/v1/videos', { title: 'Raced' }, key))).toBe(true)
  })

  it("is one's own: not that of another account, of a key, or of a key of another project", async () => {
    const key = randomUUID()
    const name = 'Own keys'
    const projectId = (await send(token, 'POST', '/v1/projects', { name })).body.id
    const scopes = ['videos:read', 'videos:write']
    const create = async (more: object) =>
      String((await send(token, 'POST', '/v1/api-keys', { name, scopes, ...more })).body.key)
    const callers = [token, stranger.token, await create({}), await create({}), await create({ projectId })]
    const answers = []
    for (const caller of callers) answers.push(await post('/v1/videos', { title: name }, key, caller))
    expect(answers.map((answer) => [answer.status, isReplay(answer)])).toEqual(callers.map(() => [201, false]))
    expect(new Set(answers.map(({ body }) => body.id)).size).toBe(callers.length)
    expect(answers.map(({ body }) => body.projectId)).toEqual([userId, stranger.id, userId, userId, projectId])
    for (const [at, caller] of callers.entries()) {
      expect((await post('/v1/videos', { title: name }, key, caller)).text).toBe(answers[at]?.text)
    }
  })

  it('keeps secrets that are shown once unreadable', async () => {
    const key = randomUUID()
    const asked = { name: 'Deploy', scopes: ['videos:read'], password }
    const first = await post('/v1/api-keys', asked, key)
    expect(first.status).toBe(201)
    expect((await post('/v1/api-keys', asked, key)).text).toBe(first.text)
    const hook = { url: 'https://hooks.invalid/kinora', events: ['video.ready'] }
    const second = await post('/v1/webhooks', hook, randomUUID())
    const rows = await keptOf(userId)
    const stored = rows.map((row) => JSON.stringify(row) + row.answer?.toString('latin1')).join()
    expect(rows.length).toBeGreaterThan(2)
    for (const text of [first.body.key, second.body.secret, key, password, 'Deploy', '"status"']) {
      expect(stored).not.toContain(String(text))
    }
    expect(gateway.log.join()).not.toContain(key)
  })

  it('repeats refusals of a service, but not what may be otherwise at the next try', async () => {
    await post('/v1/videos', { title: 'Taken', externalId: 'taken' }, randomUUID())
    const key = randomUUID()
    const refused = await post('/v1/videos', { title: 'Late', externalId: 'taken' }, key)
    expect([refused.status, refused.body.code]).toEqual([409, 'EXTERNAL_ID_TAKEN'])
    const again = await post('/v1/videos', { title: 'Late', externalId: 'taken' }, key)
    expect([again.status, again.text, isReplay(again)]).toEqual([409, refused.text, true])
    expect(again.headers.get('content-type')).toBe('application/problem+json')

    const corrected = randomUUID()
    expect((await post('/v1/videos', { title: '' }, corrected)).status).toBe(400)
    expect((await post('/v1/videos', { title: 'Corrected' }, corrected)).status).toBe(201)

    const unlucky = randomUUID()
    await media.close()
    const down = await post('/v1/videos', { title: 'Unlucky' }, unlucky)
    expect(down.status).toBe(503)
    media = await startRealMedia(world)
    await expect.poll(async () => (await post('/v1/videos', { title: 'Unlucky' }, unlucky)).status).toBe(201)
    expect(await titled('Unlucky')).toHaveLength(1)
  })

  it('is free a minute after its gateway has died, and a day after its answer', async () => {
    const [now, dead] = [new Date(), randomBytes(32)]
    const at = (seconds: number) => new Date(now.getTime() + seconds * 1000)
    const take = (seconds: number, attempt = randomUUID(), most = 1000) => {
      const about = { id: dead, user_id: userId, fingerprint: dead, attempt, held_until: at(seconds + 60) }
      return auth.idempotencyKeys.take({ ...about, expires_at: at(86_400) }, most, at(seconds))
    }
    const attempt = randomUUID()
    expect([await take(0, attempt, 1), await take(0, attempt), await take(0, attempt)]).toEqual([false, true, true])
    expect([await take(59), await take(60), await take(61)]).toEqual([false, true, false])

    const key = randomUUID()
    const first = await post('/v1/videos', { title: 'Daily' }, key)
    aheadMs = 23 * 3600_000
    expect((await post('/v1/videos', { title: 'Daily' }, key)).text).toBe(first.text)
    aheadMs = 25 * 3600_000
    const next = await post('/v1/videos', { title: 'Daily' }, key)
    expect([next.status, isReplay(next)]).toEqual([201, false])
    await cleanUp(auth)
    expect(await keptOf(userId)).toHaveLength(1)
    aheadMs = 0
  })

  it.each(['', ' ', 'a'.repeat(256), 'a, b', '"a', 'ä', '"a", "b"'])('is refused as %j', async (key) => {
    const { status, body } = await post('/v1/videos', { title: 'Malformed' }, key)
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED'])
  })
})

describe('the version of a video', () => {
  const create = async (more = {}) =>
    String((await send(token, 'POST', '/v1/videos', { title: 'Ebb', ...more })).body.id)
  const tagOf = ({ headers }: Answer) => headers.get('etag') ?? ''

  it('is in its ETag, and a change of an old one is refused', async () => {
    const path = `/v1/videos/${await create()}`
    const read = await send(token, 'GET', path)
    const tag = tagOf(read)
    expect(tag).toMatch(/^"r1\.[\w-]{22}"$/)
    const same = await send(token, 'GET', path, undefined, { 'if-none-match': `"x", ${tag}` })
    expect([same.status, same.text, tagOf(same)]).toEqual([304, '', tag])

    const changed = await send(token, 'PATCH', path, { title: 'Flow' }, { 'if-match': tag })
    expect([changed.status, changed.body.revision]).toEqual([200, 2])
    expect(tagOf(changed)).toBe(tagOf(await send(token, 'GET', path)))
    expect((await send(token, 'GET', path, undefined, { 'if-none-match': tag })).status).toBe(200)
    for (const old of [tag, 'r2', '"r2"', tag.slice(1, -1), `W/${tag}`, '']) {
      for (const [method, body] of [['PATCH', { title: 'Lost' }] as const, ['DELETE', undefined] as const]) {
        const refused = await send(token, method, path, body, { 'if-match': old })
        expect([old, refused.status, refused.body.code]).toEqual([old, 412, 'VIDEO_CHANGED'])
      }
    }
    // As a proxy that compresses would send it on.
    const weak = `${tag}, W/${tagOf(changed)}`
    expect((await send(token, 'PATCH', path, { title: 'Slack' }, { 'if-match': weak })).status).toBe(200)
    expect((await send(token, 'PATCH', path, { title: 'Neap' }, { 'if-match': '*' })).status).toBe(200)
    const last = tagOf(await send(token, 'GET', path))
    expect((await send(token, 'DELETE', path, undefined, { 'if-match': last })).status).toBe(204)
  })

  it('is no field of a body', async () => {
    const path = `/v1/videos/${await create()}`
    const { status, body } = await send(token, 'PATCH', path, { title: 'x', ifRevision: [1] })
    expect([status, body.errors]).toEqual([400, [{ path: 'ifRevision', message: 'Unknown field' }]])
  })

  it('hides a video of others as before', async () => {
    const path = `/v1/videos/${await create()}`
    for (const [method, body] of [['PATCH', { title: 'x' }] as const, ['DELETE', undefined] as const]) {
      expect((await send(stranger.token, method, path, body, { 'if-match': '"r9"' })).status).toBe(404)
    }
  })
})

describe('what other systems keep with a video', () => {
  it('filters lists of one project', async () => {
    const metadata = { 'customer id': '4&2', 'a[b]': 'c' }
    for (const as of [token, stranger.token]) {
      await send(as, 'POST', '/v1/videos', { title: 'Labelled', externalId: 'label 1', metadata })
    }
    const find = async (filter: Record<string, string>) =>
      (await videosOf(token, `&${new URLSearchParams(filter)}`)).map(({ title, ownerId }) => [title, ownerId])
    const own = [['Labelled', userId]]
    expect(await find({ externalId: 'label 1' })).toEqual(own)
    expect(await find({ 'metadata[customer id]': '4&2', 'metadata[a[b]]': 'c' })).toEqual(own)
    expect(await find({ 'metadata[customer id]': '4' })).toEqual([])
    expect(await find({ 'metadata[customer id]': '4&2', createdAfter: '2999-01-01T00:00:00Z' })).toEqual([])
  })

  it('comes with a resumable upload, too', async () => {
    const base64 = (text: string) => Buffer.from(text).toString('base64')
    const create = (externalId: string, pairs: string) =>
      send(token, 'POST', '/v1/uploads', undefined, {
        'tus-resumable': '1.0.0',
        'upload-length': '1000',
        'upload-metadata': `externalId ${base64(externalId)},metadata ${base64(pairs)}`,
      })
    const { status, headers } = await create('tus-1', '{"customer":"7"}')
    expect(status).toBe(201)
    const { body } = await send(token, 'GET', `/v1/videos/${headers.get('x-video-id')}`)
    expect(body).toMatchObject({ externalId: 'tus-1', metadata: { customer: '7' } })
    expect((await create('tus-1', '{}')).body.code).toBe('EXTERNAL_ID_TAKEN')
    for (const pairs of ['[]', '{', '1', '{"a":1}', '{"__proto__":"x"}', '['.repeat(3000)]) {
      expect((await create(randomUUID(), pairs)).status).toBe(400)
    }
  })

  it.each([
    '{"title":"x","metadata":{"__proto__":"y"}}',
    '{"title":"x","metadata":{"a":"b","__proto__":{"c":"d"}}}',
    '{"title":"x","__proto__":{"metadata":{}}}',
    '{"title":"x","metadata":{"a":1}}',
    '{"title":"x","metadata":{"a":"\\u0000"}}',
    '{"title":"x","metadata":{"a":"\\ud800"}}',
    '{"title":"x","metadata":null}',
    `{"title":"x","metadata":${'{"a":'.repeat(30)}1${'}'.repeat(30)}}`,
    `{"title":"x","metadata":{${Array.from({ length: 51 }, (_, n) => `"k${n}":""`)}}}`,
    '{"title":"x","externalId":"a\\u0007b"}',
    '{"title":"x","externalId":7}',
    '{"title":"x","externalId":""}',
    `{"title":"x","externalId":"${'a'.repeat(201)}"}`,
  ])('is refused as %s', async (json) => {
    const { status, body } = await send(token, 'POST', '/v1/videos', json)
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED'])
  })

  it.each([
    'metadata=x',
    'metadata[a]=1&metadata[a]=2',
    'metadata[a]=1&metadata=x',
    'metadata[]=x',
    'metadata[__proto__]=x',
    '__proto__[a]=x',
    'metadata[a%00]=x',
    'metadata[a]=%00',
    'title[a]=x',
    'externalId=',
    'externalId=a&externalId=b',
    'createdAfter=yesterday',
    Array.from({ length: 11 }, (_, n) => `metadata[k${n}]=v`).join('&'),
  ])('is refused as the filter %s', async (query) => {
    const { status, body } = await send(token, 'GET', `/v1/videos?${query}`)
    expect([status, body.code]).toEqual([400, 'VALIDATION_FAILED'])
  })
})
