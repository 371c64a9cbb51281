import { useSystem } from '@kinora/dev/harness'
import { expect, test } from 'vitest'
import { register } from './support/accounts.ts'
import type { Problem } from './support/api-types.ts'
import { type Answer, createClient, type RequestOptions } from './support/client.ts'
import { GENEROUS } from './support/settings.ts'

const system = await useSystem({ workers: 0, env: GENEROUS })
const anonymous = createClient(system.gatewayUrl)
const { client } = await register(anonymous)

function expectProblem({ status, headers, body }: Answer<Problem>, code: string): void {
  expect(body.code).toBe(code)
  expect(headers.get('content-type')).toMatch(/^application\/problem\+json/)
  expect(body).toMatchObject({
    type: expect.stringMatching(/./),
    title: expect.stringMatching(/./),
    detail: expect.stringMatching(/./),
    status,
    requestId: headers.get('x-request-id'),
  })
}

const post = (options: RequestOptions) => client.refusal('POST', '/v1/videos', options)
const jsonText = (body: string | Buffer) => post({ body, headers: { 'content-type': 'application/json' } })

test('a request id is taken where it is harmless, and made where it is not', async () => {
  const idFor = async (id: string) =>
    (await anonymous.send('GET', '/livez', { headers: { 'x-request-id': id } })).headers.get('x-request-id')
  expect(await idFor('mine-1.A_b')).toBe('mine-1.A_b')
  expect(await idFor('no blanks')).not.toBe('no blanks')
  expect(await idFor('x'.repeat(65))).toMatch(/^[A-Za-z0-9._-]{1,64}$/)
})

test('an unknown address is 404, a wrong method 405 with Allow, no token 401 with WWW-Authenticate', async () => {
  expectProblem(await client.refusal('GET', '/v1/nothing'), 'ROUTE_NOT_FOUND')
  const wrongMethod = await client.refusal('DELETE', '/v1/videos')
  expectProblem(wrongMethod, 'METHOD_NOT_ALLOWED')
  expect(wrongMethod.headers.get('allow')).toMatch(/GET.*POST|POST.*GET/)
  const unsigned = await anonymous.refusal('POST', '/v1/videos', { json: { title: 'x' } })
  expectProblem(unsigned, 'UNAUTHENTICATED')
  expect([unsigned.status, unsigned.headers.get('www-authenticate')]).toEqual([401, expect.stringMatching(/^Bearer/)])
})

test('an unknown field is named', async () => {
  const answer = await post({ json: { title: 'x', owner: 'me' } })
  expectProblem(answer, 'VALIDATION_FAILED')
  expect(answer.body.errors).toEqual([{ path: 'owner', message: expect.any(String) }])
})

test('wrong types and values are named, each by its path', async () => {
  const answer = await post({ json: { title: 7, tags: ['ok', { a: 1 }], visibility: 'everyone' } })
  expectProblem(answer, 'VALIDATION_FAILED')
  expect(answer.body.errors?.map(({ path }) => path).sort()).toEqual(['tags.1', 'title', 'visibility'])
  for (const json of [null, [], 'text', 5, { title: '' }, { title: 'x'.repeat(201) }, {}]) {
    expect((await post({ json })).status).toBe(400)
  }
})

test('what is no JSON is refused as what it is', async () => {
  expectProblem(await jsonText('{"title": '), 'MALFORMED_JSON')
  expectProblem(await jsonText(Buffer.from([0xff, 0xfe, 0x00])), 'MALFORMED_JSON')
  expectProblem(
    await post({ body: 'title=x', headers: { 'content-type': 'application/x-www-form-urlencoded' } }),
    'UNSUPPORTED_MEDIA_TYPE',
  )
})

test('a huge body and a deeply nested one are refused', async () => {
  const huge = await jsonText(JSON.stringify({ title: 'x', description: 'y'.repeat(5_000_000) }))
  expectProblem(huge, 'BODY_TOO_LARGE')
  const nested = await jsonText(`{"title":"x","tags":${'['.repeat(20_000)}${']'.repeat(20_000)}}`)
  expectProblem(nested, 'VALIDATION_FAILED')
})

test('fields with the names of what every object has do no harm', async () => {
  expectProblem(await jsonText('{"title":"x","__proto__":{"visibility":"public"}}'), 'VALIDATION_FAILED')
  expectProblem(await jsonText('{"title":"x","constructor":{}}'), 'VALIDATION_FAILED')
})

test('text that a database cannot hold is refused or kept, never an error of ours', async () => {
  for (const title of ['zero \u0000 byte', 'lone \ud800 surrogate', "quote ' or 1=1; --", '𝕌nicode ✓']) {
    const { status } = await client.send('POST', '/v1/videos', { json: { title } })
    expect([201, 400]).toContain(status)
  }
  for (const query of ['q=%00', 'tag=%00', 'cursor=%00', 'cursor=abc', 'limit=1e9', 'limit=-1', 'q=a&q=b', 'sort=x']) {
    const { status } = await client.send('GET', `/v1/videos?${query}`)
    expect([query, status < 500]).toEqual([query, true])
  }
})

test('an id that is none is a refusal, not an error', async () => {
  for (const id of ['1', 'null', '%00', '..%2f..%2fetc', '00000000-0000-0000-0000-00000000000g']) {
    const { status } = await client.refusal('GET', `/v1/videos/${id}`)
    expect([400, 404]).toContain(status)
  }
})

test('a page of another origin may play, and is shown no answer of the API', async () => {
  const headers = { origin: 'https://elsewhere.example' }
  const hidden = await client.send('GET', '/v1/videos', { headers })
  expect(hidden.headers.get('access-control-allow-origin')).toBeNull()
  const { id } = await client.call<{ id: string }>('POST', '/v1/videos', { title: 'x' })
  const answer = await anonymous.send('GET', `/play/${id}/master.m3u8`, { headers })
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
})

test('the description of the API is served, and the page to read it needs nothing from elsewhere', async () => {
  const document = await anonymous.call<{ openapi: string; paths: object }>('GET', '/openapi.json')
  expect(document.openapi).toMatch(/^3\.1/)
  expect(Object.keys(document.paths)).toContain('/v1/videos/{videoId}/source')
  const page = await anonymous.send('GET', '/docs/')
  expect(page.status).toBe(200)
  expect(String(page.body)).not.toMatch(/(?:src|href)="https?:/)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'none'")
})

test('health is open, and metrics are not', async () => {
  expect((await anonymous.send('GET', '/livez')).status).toBe(200)
  expect((await anonymous.send('GET', '/readyz')).status).toBe(200)
  expect((await anonymous.send('GET', '/metrics')).status).toBe(404)
  expect(await (await fetch(`${system.internalUrl('gateway')}/metrics`)).text()).toContain(
    'kinora_http_request_seconds',
  )
})
