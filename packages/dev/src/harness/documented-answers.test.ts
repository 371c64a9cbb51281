import { describe, expect, it } from 'vitest'
import { DocumentedAnswers } from './documented-answers.ts'

const documented = new DocumentedAnswers()
const [json, problem] = ['application/json; charset=utf-8', 'application/problem+json']
const ID = '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'
const refusal = (status: number, code: string) => ({
  type: 'urn:kinora:problem:x',
  title: 'x',
  status,
  code,
  detail: 'x',
  requestId: 'x',
})

describe('an answer as the document has it', () => {
  it.each([
    { method: 'GET', path: '/livez', status: 200, contentType: json, body: { ok: true } },
    { method: 'DELETE', path: `/v1/videos/${ID}`, status: 204, contentType: null },
    {
      method: 'GET',
      path: '/v1/videos?limit=1',
      status: 401,
      contentType: problem,
      body: refusal(401, 'TOKEN_EXPIRED'),
    },
    { method: 'HEAD', path: `/v1/videos/${ID}`, status: 404, contentType: problem },
    { method: 'PUT', path: '/v1/videos', status: 405, contentType: problem, body: refusal(405, 'METHOD_NOT_ALLOWED') },
    { method: 'GET', path: '/v1/nothing', status: 404, contentType: problem, body: refusal(404, 'ROUTE_NOT_FOUND') },
    { method: 'OPTIONS', path: '/v1/videos', status: 204, contentType: null },
    { method: 'GET', path: `/play/${ID}/720p/segment-1.m4s`, status: 206, contentType: 'video/mp4' },
    { method: 'GET', path: '/watch/x', status: 200, contentType: 'text/html' },
  ])('is accepted: $method $path $status', (answer) => {
    expect(documented.differenceOf(answer)).toBeNull()
  })
})

describe('any other answer', () => {
  it.each([
    [{ status: 302, contentType: null }, 'only 200'],
    [{ status: 200, contentType: 'text/html' }, 'the content type is text/html, not application/json'],
    [{ status: 200, contentType: json, body: { ok: 'yes' } }, '/ok must be boolean'],
    [{ status: 200, contentType: json, body: {} }, "must have required property 'ok'"],
    [{ status: 200, contentType: json, body: { ok: true, more: 1 } }, 'unevaluatedProperty'],
    [{ status: 400, contentType: problem, body: refusal(400, 'UPLOAD_EMPTY') }, 'the code is UPLOAD_EMPTY'],
  ])('is a difference: %j', (answer, text) => {
    const difference = documented.differenceOf({ method: 'GET', path: '/livez', ...answer })
    expect(difference).toContain(`getLiveness, GET /livez answered ${answer.status}: `)
    expect(difference).toContain(text)
  })

  it('is one of an operation that is not in the document', () => {
    const difference = documented.differenceOf({
      method: 'GET',
      path: '/v1/more',
      status: 200,
      contentType: json,
      body: {},
    })
    expect(difference).toBe('GET /v1/more answered 200: the document does not have this operation')
  })
})
