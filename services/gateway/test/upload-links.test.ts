import { randomBytes, randomUUID } from 'node:crypto'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { mediaConfig } from '../../media/src/config.ts'
import { startMedia } from '../../media/src/service.ts'
import { rawHttp } from './support/raw-http.ts'
import { startTestGateway } from './support/start-test-gateway.ts'
import { stubAuth } from './support/stub-auth.ts'

const world = await useTestEnvironment()
const life = new Lifecycle()
afterAll(() => life.close())
const auth = await stubAuth(world)
const secret = () => randomBytes(32).toString('base64')
const media = await startMedia(
  { life, health: new Health(), metrics: createMetrics('media'), logger: pino({ level: 'silent' }) },
  mediaConfig.parse({
    AMQP_URL: world.amqpUrl('media'),
    DATABASE_URL: world.databaseUrl('media'),
    STORAGE_URL: world.storageUrl,
    PUBLIC_URL: 'http://kinora.test',
    PLAYBACK_SECRET: secret(),
    WEBHOOK_ENCRYPTION_KEY: secret(),
    RECEIPTS_MS: '50',
  }),
)
const gateway = await startTestGateway(world)
await until(async () => (await gateway.health.report()).ready)

const TUS = { 'tus-resumable': '1.0.0' }
const FILE = randomBytes(2000)
const PAGE = 'https://jobs.example.org'
const userId = randomUUID()
const bearer = (sub = userId) => ({
  authorization: `Bearer ${auth.signer.sign({ claims: { sub, sid: randomUUID() } })}`,
})

interface Link {
  id: string
  path: string
  usesLeft: number
  videoIds: string[]
}

async function send(method: string, path: string, headers: Record<string, string> = {}, body?: RequestInit['body']) {
  const init = { method, headers, ...(body !== undefined && { body, duplex: 'half' }) } as RequestInit
  return await fetch(gateway.url + path, init)
}

const sendJson = (path: string, value: object) =>
  send('POST', path, { 'content-type': 'application/json', ...bearer() }, JSON.stringify(value))

async function createLink(settings: object = {}): Promise<Link> {
  const answer = await sendJson('/v1/upload-links', settings)
  expect(answer.status).toBe(201)
  const link = (await answer.json()) as Link & { url: string }
  return { ...link, path: new URL(link.url).pathname }
}

const linkOf = async ({ id }: Link) => (await (await send('GET', `/v1/upload-links/${id}`, bearer())).json()) as Link
const put = (link: Link, headers: Record<string, string> = {}, body: RequestInit['body'] = FILE) =>
  send('PUT', link.path, { 'content-type': 'video/mp4', ...headers }, body)
const create = (link: Link, headers: Record<string, string> = {}) =>
  send('POST', `${link.path}/tus`, { ...TUS, 'upload-length': String(FILE.length), ...headers })
const metadata = (pairs: Record<string, string>) => ({
  'upload-metadata': Object.entries(pairs)
    .map(([name, value]) => `${name} ${Buffer.from(value).toString('base64')}`)
    .join(),
})
const patch = (location: string, offset: number, body: Buffer, headers: Record<string, string> = {}) =>
  send(
    'PATCH',
    location,
    { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': String(offset), ...headers },
    body,
  )
const begun = async (link: Link, headers = {}) => (await create(link, headers)).headers.get('location') ?? ''
const revoke = ({ id }: Link) => send('DELETE', `/v1/upload-links/${id}`, bearer())

async function used(link: Link): Promise<Link> {
  expect((await put(link)).status).toBe(202)
  return link
}

async function revoked(link: Link): Promise<Link> {
  expect((await revoke(link)).status).toBe(204)
  return link
}

async function expired(link: Link, agoMs = 1000): Promise<Link> {
  const query = media.db.updateTable('upload_links').set({ expires_at: new Date(Date.now() - agoMs) })
  await query.where('id', '=', link.id).execute()
  return link
}

describe('a visitor with a link and no account', () => {
  it('sees what it takes, sends a file in one request, and follows it', async () => {
    const takes = { maxBytes: 5000, maxDurationSeconds: 60, contentTypes: ['video/mp4'] }
    const link = await createLink({ ...takes, allowedOrigins: [PAGE] })
    const offer = await send('GET', link.path, { origin: PAGE })
    expect(offer.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(offer.headers.get('vary')).toContain('Origin')
    expect(await offer.json()).toEqual({ ...takes, usesLeft: 1, expiresAt: expect.any(String) })
    const answer = await put(link, { origin: PAGE })
    expect(answer.status).toBe(202)
    const video = (await answer.json()) as { id: string }
    expect(Object.keys(video).sort()).toEqual(['error', 'id', 'progress', 'status'])
    const state = await send('GET', `${link.path}/videos/${video.id}`, { origin: PAGE })
    expect(await state.json()).toMatchObject({ id: video.id, status: 'uploaded', error: null })
    expect(await linkOf(link)).toMatchObject({ usesLeft: 0, videoIds: [video.id] })
    expect(await (await send('GET', link.path)).json()).toMatchObject({ usesLeft: 0 })
  })

  it('sends one by tus, in parts, after an interruption', async () => {
    const link = await createLink({ contentTypes: ['video/*'] })
    const created = await create(link, metadata({ filename: 'sea.mp4', filetype: 'video/mp4', name: 'sea.mp4' }))
    expect(created.status).toBe(201)
    const location = created.headers.get('location') ?? ''
    expect(location.startsWith(`${link.path}/tus/`)).toBe(true)
    expect((await patch(location, 0, FILE.subarray(0, 700))).status).toBe(204)
    expect((await send('HEAD', location, TUS)).headers.get('upload-offset')).toBe('700')
    expect((await patch(location, 700, FILE.subarray(700))).status).toBe(204)
    const videoId = created.headers.get('x-video-id')
    const video = await send('GET', `/v1/videos/${videoId}`, bearer())
    expect(await video.json()).toMatchObject({
      ownerId: userId,
      projectId: userId,
      title: 'sea.mp4',
      status: 'uploaded',
    })
  })

  it('may try again after a failure, and after giving up', async () => {
    const link = await createLink()
    const cut = new ReadableStream({
      pull: (controller) => controller.error(new Error('the connection is lost')),
    })
    await put(link, {}, cut).catch(() => {})
    await until(async () => (await linkOf(link)).usesLeft === 1)
    const location = await begun(link)
    expect((await linkOf(link)).usesLeft).toBe(0)
    expect((await send('DELETE', location, TUS)).status).toBe(204)
    expect((await put(link)).status).toBe(202)
  })

  it('of whom two come for one use: one gets it', async () => {
    const link = await createLink()
    const answers = await Promise.all([put(link), put(link), create(link), put(link)])
    expect(answers.filter(({ status }) => status < 300)).toHaveLength(1)
    expect(answers.filter(({ status }) => status === 409)).toHaveLength(3)
  })

  it('gets no file of a length that nobody announced beyond the size of the link', async () => {
    const link = await createLink({ maxBytes: FILE.length })
    expect((await put(link, {}, new Blob([FILE, FILE]).stream())).status).toBe(413)
    expect((await put(link, {}, new Blob([FILE]).stream())).status).toBe(202)
  })

  it('is cut off within about a second when the link is revoked', async () => {
    const link = await createLink({ uses: 2 })
    const stopped = new AbortController()
    const slow = async function* () {
      while (!stopped.signal.aborted) {
        yield Buffer.alloc(100)
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
    }
    const location = await begun(link, { 'upload-length': '1000000' })
    const under = [
      put(link, {}, ReadableStream.from(slow())),
      fetch(gateway.url + location, {
        method: 'PATCH',
        headers: { ...TUS, 'content-type': 'application/offset+octet-stream', 'upload-offset': '0' },
        body: ReadableStream.from(slow()),
        duplex: 'half',
      } as RequestInit),
    ]
    await until(async () => (await linkOf(link)).usesLeft === 0)
    const revokedAt = performance.now()
    await revoke(link)
    const answers = await Promise.all(under)
    expect(performance.now() - revokedAt).toBeLessThan(1500)
    stopped.abort()
    expect(answers.map(({ status }) => status)).toEqual([410, 410])
    expect(await linkOf(link)).toMatchObject({ usesLeft: 2, videoIds: [] })
  })
})

describe('the pages that may use a link', () => {
  const preflight = (link: Link, origin: string) =>
    send('OPTIONS', `${link.path}/tus`, {
      origin,
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'tus-resumable,upload-length',
    })

  it('are those of its origins', async () => {
    const link = await createLink({ allowedOrigins: [PAGE] })
    const allowed = await preflight(link, PAGE)
    expect(allowed.status).toBe(204)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(PAGE)
    expect(allowed.headers.get('access-control-allow-headers')).toBe('tus-resumable,upload-length')
    expect(allowed.headers.get('access-control-allow-methods')).toContain('PATCH')
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
    for (const origin of ['https://evil.example', `${PAGE}.evil.example`, 'null', PAGE.replace('https', 'http')]) {
      const refused = await preflight(link, origin)
      expect(refused.status).toBe(403)
      expect(refused.headers.get('access-control-allow-origin')).toBeNull()
    }
  })

  it('are all where it names none, and read why a link is refused', async () => {
    const link = await createLink()
    expect((await preflight(link, 'https://any.example')).headers.get('access-control-allow-origin')).toBe('*')
    await revoked(link)
    const refused = await send('GET', link.path, { origin: 'https://any.example' })
    expect(refused.headers.get('access-control-allow-origin')).toBe('*')
    expect(await refused.json()).toMatchObject({ code: 'UPLOAD_LINK_REVOKED' })
  })
})

/** Each returns the answers to what must not succeed. */
const ATTACKS: Record<string, () => Promise<Response[] | Response>> = {
  'a second PUT': async () => await put(await used(await createLink())),
  'a second upload by tus': async () => await create(await used(await createLink())),
  'a PUT beside an upload by tus': async () => {
    const link = await createLink()
    await begun(link)
    return await put(link)
  },
  'a PUT after the finished upload was deleted': async () => {
    const link = await createLink()
    const location = await begun(link)
    await patch(location, 0, FILE)
    await send('DELETE', location, TUS)
    return await put(link)
  },
  'more bytes after the end': async () => {
    const location = await begun(await createLink())
    await patch(location, 0, FILE)
    return [await patch(location, FILE.length, FILE), await patch(location, 0, FILE)]
  },
  'a PUT that is too large': async () => await put(await createLink({ maxBytes: FILE.length - 1 })),
  'a chunked PUT that is too large': async () =>
    await put(await createLink({ maxBytes: FILE.length - 1 }), {}, new Blob([FILE]).stream()),
  'an upload by tus that is too large': async () => await create(await createLink({ maxBytes: FILE.length - 1 })),
  'a part that is larger than announced': async () => {
    const link = await createLink({ maxBytes: 1000 })
    return await patch(await begun(link, { 'upload-length': '1000' }), 0, FILE)
  },
  'a length that is given later': async () =>
    await send('POST', `${(await createLink()).path}/tus`, { ...TUS, 'upload-defer-length': '1' }),
  'two lengths': async () => await create(await createLink({ maxBytes: 100 }), { 'upload-length': '100, 2000' }),
  'a negative length': async () => await create(await createLink(), { 'upload-length': '-1' }),
  'no bytes': async () => {
    const link = await createLink()
    return [await put(link, {}, ''), await create(link, { 'upload-length': '0' })]
  },
  'a partial upload to join': async () => await create(await createLink(), { 'upload-concat': 'partial' }),
  'joining uploads of others': async () =>
    await create(await createLink(), { 'upload-concat': `final;/v1/uploads/${randomUUID()}` }),
  'another type': async () =>
    await put(await createLink({ contentTypes: ['video/mp4'] }), { 'content-type': 'video/webm' }),
  'no type': async () =>
    await fetch(gateway.url + (await createLink({ contentTypes: ['video/mp4'] })).path, { method: 'PUT', body: FILE }),
  'a type in a list': async () =>
    await put(await createLink({ contentTypes: ['video/mp4'] }), { 'content-type': 'video/webm, video/mp4' }),
  'a page': async () => await put(await createLink(), { 'content-type': 'text/html' }),
  'another type by tus': async () =>
    await create(await createLink({ contentTypes: ['video/mp4'] }), metadata({ filetype: 'video/webm' })),
  'no type by tus': async () =>
    await create(await createLink({ contentTypes: ['video/mp4'] }), metadata({ filename: 'a.mp4' })),
  'an encoded body': async () => await put(await createLink(), { 'content-encoding': 'gzip' }),
  'a part of a file': async () => await put(await createLink(), { 'content-range': 'bytes 0-9/100' }),
  'another origin': async () =>
    await put(await createLink({ allowedOrigins: [PAGE] }), { origin: 'https://evil.example' }),
  'another origin by tus': async () =>
    await create(await createLink({ allowedOrigins: [PAGE] }), { origin: `${PAGE}.evil.example` }),
  'an origin for an upload under way': async () => {
    const location = await begun(await createLink({ allowedOrigins: [PAGE] }), { origin: PAGE })
    return await patch(location, 0, FILE, { origin: 'null' })
  },
  'the origin as another host': async () =>
    await put(await createLink({ allowedOrigins: [PAGE] }), {
      origin: 'https://x',
      'x-forwarded-host': 'jobs.example.org',
    }),
  'a video of somebody': async () => {
    const made = await sendJson('/v1/videos', { title: 'Mine' })
    const { id } = (await made.json()) as { id: string }
    const link = await createLink()
    return [
      await create(link, metadata({ videoId: id })),
      await send('GET', `${link.path}/videos/${id}`),
      await send('GET', `${link.path}/videos/${id}`, bearer()),
      await send('PUT', `${link.path}/videos/${id}`, { 'content-type': 'video/mp4' }, FILE),
    ]
  },
  'a project of somebody': async () => await create(await createLink(), metadata({ projectId: randomUUID() })),
  'a video of another link': async () => {
    const other = await createLink()
    const { id } = (await (await put(other)).json()) as { id: string }
    return await send('GET', `${(await createLink()).path}/videos/${id}`)
  },
  'an upload of another link': async () => {
    const [link, other] = [await createLink(), await createLink()]
    const foreign = (await begun(other)).replace(other.path, link.path)
    return [await patch(foreign, 0, FILE), await send('HEAD', foreign, TUS), await send('DELETE', foreign, TUS)]
  },
  'an upload of the project': async () => {
    const made = await send('POST', '/v1/uploads', { ...TUS, ...bearer(), 'upload-length': '10' })
    const location = (made.headers.get('location') ?? '').replace('/v1/uploads', `${(await createLink()).path}/tus`)
    return [await patch(location, 0, FILE.subarray(0, 10)), await send('DELETE', location, TUS)]
  },
  'the address of an upload without the link': async () => {
    const id = (await begun(await createLink())).split('/').at(-1)
    return [await patch(`/v1/uploads/${id}`, 0, FILE), await patch(`/v1/uploads/${id}`, 0, FILE, bearer(randomUUID()))]
  },
  'an expired link': async () => {
    const link = await expired(await createLink())
    return [await put(link), await create(link), await send('GET', link.path)]
  },
  'a link that expired a day ago, for what it began': async () => {
    const link = await createLink()
    const location = await begun(link)
    await expired(link, 25 * 3600 * 1000)
    return [await patch(location, 0, FILE), await send('HEAD', location, TUS)]
  },
  'a revoked link': async () => {
    const link = await createLink({ uses: 2 })
    const location = await begun(link)
    await revoked(link)
    return [await put(link), await create(link), await patch(location, 0, FILE), await send('GET', link.path)]
  },
  'a video of a revoked link': async () => {
    const link = await createLink()
    const { id } = (await (await put(link)).json()) as { id: string }
    return await send('GET', `${(await revoked(link)).path}/videos/${id}`)
  },
  'an invented token': async () => await send('PUT', `/u/${randomBytes(32).toString('base64url')}`, {}, FILE),
  'a token that is cut or longer': async () => {
    const { path } = await createLink()
    return [await put({ path: path.slice(0, -1) } as Link), await put({ path: `${path}A` } as Link)]
  },
  'a token in another case': async () => {
    const { path } = await createLink()
    return [
      await put({ path: `/u/${path.slice(3).toLowerCase()}` } as Link),
      await put({ path: path.toUpperCase() } as Link),
    ]
  },
  'the id or the hash in the place of the token': async () => {
    const { id } = await createLink()
    return await send('PUT', `/u/${id}`, { 'content-type': 'video/mp4' }, FILE)
  },
  'paths around the link': async () => {
    const { path } = await createLink()
    const sent = [`${path}/..%2f..%2fv1%2fvideos`, `${path}/tus/..%2f${randomUUID()}`, `/${path}`, `${path}/tus/%00`]
    return await Promise.all(sent.map((it) => send('PUT', it, { 'content-type': 'video/mp4' }, FILE)))
  },
  'another method by a header': async () => {
    const link = await createLink()
    const override = { 'x-http-method-override': 'PUT', 'content-type': 'video/mp4' }
    const location = await begun(await createLink())
    return [
      await send('POST', link.path, override, FILE),
      await send('POST', location, { ...override, ...TUS, 'x-http-method-override': 'PATCH' }, FILE),
    ]
  },
  'the token as a credential of the API': async () => {
    const { path } = await createLink()
    const headers = { authorization: `Bearer ${path.slice(3)}`, 'content-type': 'video/mp4' }
    return [await send('GET', '/v1/videos', headers), await send('GET', '/v1/upload-links', headers)]
  },
  'the access token of somebody else beside a used link': async () =>
    await put(await used(await createLink()), bearer(randomUUID())),
  'the access token of the owner beside a used link': async () => await put(await used(await createLink()), bearer()),
  'links of others in the API': async () => {
    const { id } = await createLink()
    const path = `/v1/upload-links/${id}`
    return [
      await send('GET', path, bearer(randomUUID())),
      await send('DELETE', path, bearer(randomUUID())),
      await send('GET', path),
    ]
  },
}

describe('no attack succeeds:', () => {
  it.each(Object.entries(ATTACKS))('%s', async (_what, attack) => {
    const answers = [await attack()].flat()
    expect(answers.map(({ status }) => status).filter((status) => status < 400 || status >= 500)).toEqual([])
  })

  it('they are as many as were promised', () => {
    expect(Object.keys(ATTACKS).length).toBeGreaterThanOrEqual(40)
  })

  it('two lengths of one body', async () => {
    const { path } = await createLink({ maxBytes: 10 })
    const lines = [
      `PUT ${path} HTTP/1.1`,
      'Host: x',
      'Content-Type: video/mp4',
      'Content-Length: 10',
      'Content-Length: 2000',
    ]
    const { received } = await rawHttp(gateway.port, [`${lines.join('\r\n')}\r\n\r\n`, FILE])
    expect(received).toMatch(/^HTTP\/1\.1 4\d\d/)
  })
})

it('an access token beside the link changes nothing', async () => {
  const link = await createLink()
  const answer = await put(link, { authorization: 'Bearer nonsense' })
  expect(answer.status).toBe(202)
  const { id } = (await answer.json()) as { id: string }
  expect(await (await send('GET', `/v1/videos/${id}`, bearer())).json()).toMatchObject({ ownerId: userId })
})

it('no token of a link is in a log', async () => {
  const link = await createLink()
  await begun(link)
  await send('GET', `${link.path}/videos/${randomUUID()}`)
  await until(() => gateway.log.some((line) => line.includes('/u/[token]/videos/')))
  expect(gateway.log.join('')).not.toContain(link.path.slice(3))
})
