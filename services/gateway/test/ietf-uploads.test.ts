import { createHash, randomBytes, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { describe, expect, it } from 'vitest'
import { rawHttp } from './support/raw-http.ts'
import { ready, startRealMedia } from './support/real-services.ts'
import { startTestGateway } from './support/start-test-gateway.ts'
import { stubAuth } from './support/stub-auth.ts'

/* draft-ietf-httpbis-resumable-upload-12, at the addresses of tus: what is no request of tus is one of the draft. */

const world = await useTestEnvironment()
const auth = await stubAuth(world)
await startRealMedia(world)
const gateway = await startTestGateway(world)
await ready(gateway)

const FILE = randomBytes(3000)
const sha256 = createHash('sha256').update(FILE).digest('hex')
const TUS = { 'tus-resumable': '1.0.0' }
const userId = randomUUID()
const bearer = { authorization: `Bearer ${auth.signer.sign({ claims: { sub: userId, sid: randomUUID() } })}` }
type Headers = Record<string, string>
type Body = RequestInit['body']
const PROBLEMS = 'https://iana.org/assignments/http-problem-types#'

async function send(method: string, path: string, headers: Headers = {}, body?: Body) {
  const init = { method, headers: { ...bearer, ...headers }, ...(body !== undefined && { body, duplex: 'half' }) }
  return await fetch(gateway.url + path, init as RequestInit)
}

const chunked = (bytes: Buffer) => new Blob([bytes]).stream()
const begin = (headers: Headers, body?: Body, path = '/v1/uploads') =>
  send('POST', path, { 'content-type': 'video/mp4', 'upload-complete': '?0', ...headers }, body)
const append = (at: string, offset: number, body: Body, headers: Headers = {}) =>
  send(
    'PATCH',
    at,
    {
      'content-type': 'application/partial-upload',
      'upload-offset': String(offset),
      'upload-complete': '?0',
      ...headers,
    },
    body,
  )
const LAST = { 'upload-complete': '?1' }

/** An upload that waits for its bytes, of a known length unless another header says so. */
async function begun(headers: Headers = { 'upload-length': String(FILE.length) }): Promise<string> {
  const answer = await begin(headers)
  expect(answer.status).toBe(201)
  return answer.headers.get('location') ?? ''
}

const stateOf = async (at: string) => {
  const { status, headers } = await send('HEAD', at)
  const [offset, complete, length] = ['offset', 'complete', 'length'].map((name) => headers.get(`upload-${name}`))
  return { status, offset, complete, length }
}

async function refusal(answer: Response) {
  const { code, type } = (await answer.json()) as { code: string; type: string }
  return { status: answer.status, code, type: type.replace(PROBLEMS, '') }
}

async function expectSource(answer: Response): Promise<void> {
  expect(answer.status).toBe(202)
  expect(answer.headers.get('upload-complete')).toBe('?1')
  expect(await answer.json()).toMatchObject({ status: 'uploaded', source: { bytes: FILE.length, sha256 } })
}

/** The heads of all answers on one connection, until one has this status. */
async function headsOf(request: (string | Buffer)[], status: number): Promise<string> {
  const { received } = await rawHttp(gateway.port, request, (text) => text.includes(`HTTP/1.1 ${status} `))
  return received
}

function headOf(method: string, path: string, headers: Headers): string {
  const all = Object.entries({ host: 'x', ...bearer, ...headers }).map(([name, value]) => `${name}: ${value}`)
  return `${[`${method} ${path} HTTP/1.1`, ...all].join('\r\n')}\r\n\r\n`
}

describe('an upload by the IETF protocol', () => {
  it('is begun with the whole file in one request', async () => {
    const answer = await begin({ ...LAST, 'content-disposition': 'inline; filename="sea.mp4"' }, FILE)
    const videoId = answer.headers.get('x-video-id')
    await expectSource(answer)
    const video = await (await send('GET', `/v1/videos/${videoId}`)).json()
    expect(video).toMatchObject({ title: 'sea.mp4', visibility: 'private', source: { filename: 'sea.mp4' } })
    expect(await stateOf(answer.headers.get('location') ?? '')).toEqual({
      ...{ status: 204, offset: '3000', complete: '?1', length: '3000' },
    })
  })

  it('goes on where it was, and is complete when its client says so', async () => {
    const created = await begin({ 'upload-length': '3000' }, FILE.subarray(0, 1000))
    expect(created.status).toBe(201)
    expect(created.headers.get('upload-complete')).toBe('?0')
    expect(created.headers.get('upload-limit')).toMatch(/^max-size=3000, max-age=\d{5}$/)
    const at = created.headers.get('location') ?? ''
    const second = await append(at, 1000, FILE.subarray(1000))
    expect([second.status, second.headers.get('upload-complete')]).toEqual([204, '?0'])
    const state = await send('HEAD', at)
    expect(state.headers.get('cache-control')).toBe('no-store')
    expect(state.headers.get('upload-limit')).toMatch(/max-age=/)
    expect(await stateOf(at)).toMatchObject({ offset: '3000', complete: '?0' })
    await expectSource(await append(at, 3000, '', LAST))
    expect(await stateOf(at)).toMatchObject({ offset: '3000', complete: '?1' })
  })

  it('needs no length, neither of the file nor of a body', async () => {
    const at = await begun({})
    expect(await stateOf(at)).toMatchObject({ offset: '0', length: null })
    expect((await append(at, 0, chunked(FILE.subarray(0, 100)))).status).toBe(204)
    expect((await append(at, 100, FILE.subarray(100, 200), { 'upload-length': 'unknown' })).status).toBe(204)
    await expectSource(await append(at, 200, chunked(FILE.subarray(200)), LAST))
    expect(await stateOf(at)).toMatchObject({ complete: '?1', length: '3000' })
  })

  it('may be a PUT of the source, which goes on elsewhere', async () => {
    const { id } = (await (
      await send('POST', '/v1/videos', { 'content-type': 'application/json' }, '{"title":"Mine"}')
    ).json()) as { id: string }
    const part = await send(
      'PUT',
      `/v1/videos/${id}/source`,
      { 'content-type': 'video/mp4', 'upload-complete': '?0' },
      FILE.subarray(0, 10),
    )
    expect(part.status).toBe(201)
    expect((await (await send('GET', `/v1/videos/${id}`)).json()) as object).toMatchObject({ source: null })
    await expectSource(await append(part.headers.get('location') ?? '', 10, FILE.subarray(10), LAST))
    const again = await send('PUT', `/v1/videos/${id}/source`, { 'content-type': 'video/mp4', ...LAST }, FILE)
    expect(await refusal(again)).toMatchObject({ status: 409, code: 'SOURCE_ALREADY_UPLOADED' })
  })

  it('keeps what has arrived of a body that is cut', async () => {
    const head = headOf('POST', '/v1/uploads', {
      ...{ 'content-type': 'video/mp4', 'content-length': '3000', 'upload-complete': '?1' },
      'upload-draft-interop-version': '8',
    })
    const socket = connect(gateway.port, '127.0.0.1')
    let heard = ''
    socket.on('data', (bytes) => (heard += bytes))
    socket.write(head)
    socket.write(FILE.subarray(0, 700))
    await until(() => heard.includes('\r\n\r\n'))
    const at = /^location: (\S+)/im.exec(heard)?.[1] ?? ''
    // Asking for the offset would end the request.
    const arrived = ([path, bytes]: [string, number]) => path.includes(at.slice(-36)) && bytes === 700
    await until(async () => [...(await world.storedSizes())].some(arrived))
    socket.destroy()
    expect(await stateOf(at)).toEqual({ status: 204, offset: '700', complete: '?0', length: '3000' })
    await expectSource(await append(at, 700, FILE.subarray(700), LAST))
  })

  it('is deleted', async () => {
    const at = await begun()
    expect((await send('DELETE', at)).status).toBe(204)
    expect((await stateOf(at)).status).toBe(404)
    expect((await append(at, 0, FILE)).status).toBe(404)
  })

  it('gets the answer 104 with its address, if its client speaks the same version', async () => {
    const request = (version: Headers) => [
      headOf('POST', '/v1/uploads', { 'content-type': 'video/mp4', 'content-length': '3000', ...LAST, ...version }),
      FILE,
    ]
    const heads = await headsOf(request({ 'upload-draft-interop-version': '8' }), 202)
    const [first = '', last = ''] = heads.split('\r\n\r\n')
    expect(first).toMatch(/^HTTP\/1\.1 104 Upload Resumption Supported\r\nLocation: \/v1\/uploads\/[\w-]{36}\r\n/)
    expect(first).toMatch(/\r\nUpload-Limit: max-size=3000, max-age=\d+\r\nUpload-Draft-Interop-Version: 8$/)
    expect(last).toContain(/Location: \S+/.exec(first)?.[0])
    for (const version of ['', '6', '08']) {
      expect(await headsOf(request({ 'upload-draft-interop-version': version }), 202)).toMatch(/^HTTP\/1\.1 202 /)
    }
  })

  it('is announced to OPTIONS', async () => {
    for (const path of ['/v1/uploads', `/v1/videos/${randomUUID()}/source`]) {
      expect((await send('OPTIONS', path)).headers.get('accept-patch')).toBe('application/partial-upload')
    }
  })
})

describe('of an upload by both protocols', () => {
  const byTus = (method: string, at: string, headers: Headers = {}, body?: Body) =>
    send(method, at, { ...TUS, ...headers }, body)
  const bytes = (offset: number) => ({
    'content-type': 'application/offset+octet-stream',
    'upload-offset': String(offset),
  })

  it('one that tus began is finished by the IETF protocol', async () => {
    const created = await byTus('POST', '/v1/uploads', { 'upload-length': '3000' })
    const at = created.headers.get('location') ?? ''
    expect(await stateOf(at)).toEqual({ status: 204, offset: '0', complete: '?0', length: '3000' })
    expect((await append(at, 0, FILE.subarray(0, 1000))).status).toBe(204)
    expect((await byTus('PATCH', at, bytes(1000), FILE.subarray(1000, 2000))).status).toBe(204)
    await expectSource(await append(at, 2000, FILE.subarray(2000), LAST))
    expect((await byTus('HEAD', at)).headers.get('upload-offset')).toBe('3000')
  })

  it('one that the IETF protocol began is finished by tus', async () => {
    const at = await begun()
    expect((await append(at, 0, FILE.subarray(0, 1000))).status).toBe(204)
    const last = await byTus('PATCH', at, bytes(1000), FILE.subarray(1000))
    expect([last.status, last.headers.get('upload-offset')]).toEqual([204, '3000'])
    expect(await stateOf(at)).toMatchObject({ complete: '?1' })
  })

  it('all bytes are the whole file once a client of tus asks', async () => {
    const at = await begun()
    await append(at, 0, FILE)
    expect(await stateOf(at)).toMatchObject({ offset: '3000', complete: '?0' })
    expect((await byTus('HEAD', at)).headers.get('upload-offset')).toBe('3000')
    expect(await stateOf(at)).toMatchObject({ complete: '?1' })
  })

  it('tus may give a length that was not known', async () => {
    const at = await begun({})
    const before = (await byTus('HEAD', at)).headers
    expect([before.get('upload-length'), before.get('upload-defer-length')]).toEqual([null, '1'])
    const last = { ...bytes(0), 'upload-length': '3000' }
    expect((await byTus('PATCH', at, last, FILE)).status).toBe(204)
    expect(await stateOf(at)).toMatchObject({ complete: '?1', length: '3000' })
  })
})

describe('a refusal', () => {
  it('of another offset names the right one', async () => {
    const at = await begun()
    await append(at, 0, FILE.subarray(0, 700))
    for (const offset of [0, 699, 701, 3000]) {
      const answer = await append(at, offset, FILE.subarray(0, 10))
      expect(answer.headers.get('upload-offset')).toBe('700')
      const problem = { type: `${PROBLEMS}mismatching-upload-offset`, code: 'UPLOAD_OFFSET_MISMATCH' }
      const offsets = { 'expected-offset': 700, 'provided-offset': offset }
      expect([answer.status, await answer.json()]).toEqual([409, expect.objectContaining({ ...problem, ...offsets })])
    }
    expect(await stateOf(at)).toMatchObject({ offset: '700' })
  })

  it('is given to all but one of several that begin at the same offset', async () => {
    const at = await begun()
    const answers = await Promise.all(Array.from({ length: 5 }, () => append(at, 0, FILE, LAST)))
    const statuses = answers.map(({ status }) => status)
    expect(statuses.filter((status) => status === 202)).toHaveLength(1)
    expect(statuses.every((status) => [202, 400, 409].includes(status))).toBe(true)
    expect(await stateOf(at)).toMatchObject({ offset: '3000', complete: '?1' })
  })

  it('meets lengths that differ, and leaves the upload as it was', async () => {
    const at = await begun()
    await append(at, 0, FILE.subarray(0, 100))
    const inconsistent = { status: 400, code: 'UPLOAD_LENGTH_INCONSISTENT', type: 'inconsistent-upload-length' }
    const tries: [Body, Headers][] = [
      [FILE.subarray(100, 200), { 'upload-length': '2999' }],
      [FILE.subarray(100, 200), { 'upload-length': '50' }],
      [FILE.subarray(100, 200), LAST],
      ['', LAST],
      [chunked(FILE.subarray(100, 200)), LAST],
      [FILE, {}],
    ]
    for (const [body, headers] of tries) {
      const at100 = Number((await stateOf(at)).offset)
      expect(await refusal(await append(at, at100, body, headers))).toEqual(inconsistent)
    }
    expect(await stateOf(at)).toMatchObject({ complete: '?0', length: '3000' })
    expect(await refusal(await begin({ ...LAST, 'upload-length': '10' }, FILE))).toEqual(inconsistent)
  })

  it('ends an upload that gets more bytes than it has', async () => {
    const at = await begun({ 'upload-length': '1000' })
    const more = await append(at, 0, chunked(FILE), LAST)
    expect(await refusal(more)).toMatchObject({ status: 400, type: 'inconsistent-upload-length' })
    expect((await stateOf(at)).status).toBe(404)
  })

  it('meets what comes after the end', async () => {
    const created = await begin(LAST, FILE)
    const at = created.headers.get('location') ?? ''
    const addAfter = async (body: Body, headers: Headers) => await refusal(await append(at, 3000, body, headers))
    const completed = { status: 400, code: 'UPLOAD_COMPLETED', type: 'completed-upload' }
    expect(await addAfter('', LAST)).toEqual(completed)
    expect(await addAfter('', {})).toEqual(completed)
    expect(await addAfter(FILE, LAST)).toMatchObject({ status: 400, type: 'inconsistent-upload-length' })
    expect(await addAfter(chunked(FILE), {})).toMatchObject({ type: 'inconsistent-upload-length' })
    expect((await append(at, 0, FILE, LAST)).status).toBe(409)
    expect(await stateOf(at)).toMatchObject({ offset: '3000', complete: '?1' })
  })

  it('meets an empty file, and one that is too large, with the limit', async () => {
    expect(await refusal(await begin(LAST, ''))).toMatchObject({ status: 400, code: 'UPLOAD_EMPTY' })
    const large = await begin({ 'upload-length': '104857601' })
    expect(large.headers.get('upload-limit')).toBe('max-size=104857600')
    expect(await refusal(large)).toMatchObject({ status: 413, code: 'UPLOAD_TOO_LARGE' })
    const at = await begun({})
    const later = await append(at, 0, FILE, { 'upload-length': '104857601' })
    expect(later.headers.get('upload-limit')).toBe('max-size=104857600')
    expect(await refusal(later)).toMatchObject({ status: 413, code: 'UPLOAD_TOO_LARGE' })
  })

  it.each([
    ['no Upload-Complete', { 'upload-complete': 'true' }, 400],
    ['no offset', { 'upload-offset': '-1' }, 400],
    ['two offsets', { 'upload-offset': '0, 5' }, 400],
    ['a number that is no integer', { 'upload-offset': '1e1' }, 400],
    ['another type', { 'content-type': 'video/mp4' }, 415],
    ['the type of tus', { 'content-type': 'application/offset+octet-stream' }, 415],
    ['an encoded body', { 'content-encoding': 'gzip' }, 415],
    ['a range', { 'content-range': 'bytes 0-9/100' }, 400],
    ['nobody', { authorization: '' }, 401],
    ['a stranger', { authorization: `Bearer ${auth.signer.sign()}` }, 404],
  ])('meets %s', async (_what, headers, status) => {
    const at = await begun()
    expect((await append(at, 0, FILE, headers as Headers)).status).toBe(status)
    expect(await stateOf(at)).toMatchObject({ offset: '0' })
  })
})

describe('a visitor with an upload link', () => {
  const PAGE = 'https://jobs.example.org'

  async function createLink(settings: object = {}): Promise<string> {
    const json = { 'content-type': 'application/json' }
    const answer = await send('POST', '/v1/upload-links', json, JSON.stringify(settings))
    return new URL(((await answer.json()) as { url: string }).url).pathname
  }
  const visit = (method: string, path: string, headers: Headers, body?: Body) =>
    send(method, path, { authorization: '', ...headers }, body)

  it('sends a file in parts, from a page of the named origin, which may read the headers', async () => {
    const link = await createLink({ allowedOrigins: [PAGE], contentTypes: ['video/mp4'], maxBytes: 5000 })
    const asked = 'upload-complete,upload-offset,upload-length,content-type'
    const preflight = await visit('OPTIONS', `${link}/tus`, {
      ...{ origin: PAGE, 'access-control-request-method': 'PATCH' },
      'access-control-request-headers': asked,
    })
    expect(preflight.headers.get('access-control-allow-headers')).toBe(asked)
    expect(preflight.headers.get('accept-patch')).toBe('application/partial-upload')
    expect(preflight.headers.get('upload-limit')).toBe('max-size=5000')
    const type = { 'content-type': 'video/mp4', 'upload-complete': '?0', origin: PAGE }
    const created = await visit('POST', `${link}/tus`, type, FILE.subarray(0, 9))
    expect(created.status).toBe(201)
    const exposed = created.headers.get('access-control-expose-headers') ?? ''
    for (const name of ['Location', 'Upload-Offset', 'Upload-Complete', 'Upload-Limit']) {
      expect(exposed.split(',')).toContain(name)
    }
    const at = created.headers.get('location') ?? ''
    const part = { 'content-type': 'application/partial-upload', 'upload-offset': '9', origin: PAGE, ...LAST }
    expect((await visit('PATCH', at, { ...part, origin: 'https://evil.example' }, FILE.subarray(9))).status).toBe(403)
    const last = await visit('PATCH', at, part, FILE.subarray(9))
    expect(last.status).toBe(202)
    const body = (await last.json()) as { id: string }
    expect(Object.keys(body).sort()).toEqual(['error', 'id', 'progress', 'status'])
    expect(await (await send('GET', `/v1/videos/${body.id}`)).json()).toMatchObject({ source: { sha256 } })
    expect((await visit('POST', `${link}/tus`, type, FILE)).status).toBe(409)
  })

  it('may PUT a part of a file, which takes the use until it is given up', async () => {
    const link = await createLink()
    const part = { 'content-type': 'video/mp4', 'upload-complete': '?0' }
    const created = await visit('PUT', link, part, FILE.subarray(0, 9))
    expect(created.status).toBe(201)
    expect((await visit('PUT', link, { ...part, ...LAST }, FILE)).status).toBe(409)
    expect((await visit('DELETE', created.headers.get('location') ?? '', {})).status).toBe(204)
    const whole = await visit('PUT', link, { ...part, ...LAST }, FILE)
    expect(whole.status).toBe(202)
  })

  it('may try again where a first request broke off whose client could not learn the address', async () => {
    const link = await createLink()
    const usesLeft = async () => ((await (await visit('GET', link, {})).json()) as { usesLeft: number }).usesLeft
    const socket = connect(gateway.port, '127.0.0.1')
    socket.write(headOf('PUT', link, { 'content-type': 'video/mp4', 'content-length': '3000', ...LAST }))
    socket.write(FILE.subarray(0, 700))
    await until(async () => (await usesLeft()) === 0)
    socket.destroy()
    await until(async () => (await usesLeft()) === 1)
    expect((await visit('PUT', link, { 'content-type': 'video/mp4', ...LAST }, FILE)).status).toBe(202)
  })

  it.each([
    ['a file that is too large', { maxBytes: 2999 }, { ...LAST }, 413],
    ['a length that is too large', { maxBytes: 2999 }, { 'upload-length': '3000' }, 413],
    ['another type', { contentTypes: ['video/webm'] }, { ...LAST }, 415],
    ['another origin', { allowedOrigins: [PAGE] }, { ...LAST, origin: 'https://evil.example' }, 403],
    ['a video of somebody', {}, { 'upload-metadata': `videoId ${Buffer.from(randomUUID()).toString('base64')}` }, 400],
  ])('is refused %s', async (_what, settings, headers, status) => {
    const link = await createLink(settings)
    const all = { 'content-type': 'video/mp4', 'upload-complete': '?0', ...headers } as Headers
    expect((await visit('POST', `${link}/tus`, all, FILE)).status).toBe(status)
  })

  it('cannot grow a file of an unknown length beyond the size of the link', async () => {
    const link = await createLink({ maxBytes: 1000 })
    const created = await visit('POST', `${link}/tus`, { 'content-type': 'video/mp4', 'upload-complete': '?0' })
    const at = created.headers.get('location') ?? ''
    const part = { 'content-type': 'application/partial-upload', 'upload-offset': '0', ...LAST }
    expect((await visit('PATCH', at, part, FILE)).status).toBe(413)
    expect((await visit('PATCH', at, part, chunked(FILE))).status).toBe(413)
    expect((await visit('HEAD', at, {})).status).toBe(404)
  })
})
