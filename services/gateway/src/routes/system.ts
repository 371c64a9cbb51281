import { Jwk } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sendJson } from '../http/mount.ts'
import type { HandRoute, Route } from './route.ts'

const open = { method: 'get', auth: 'none', errors: [] } as const

export const system: Route[] = [
  {
    ...open,
    path: '/.well-known/jwks.json',
    limit: 'playback',
    name: 'getJwks',
    summary: 'The public keys that access tokens are signed with (RFC 7517)',
    answers: { 200: { description: 'Keys', content: { 'application/json': z.object({ keys: z.array(Jwk) }) } } },
    handle: sendKeys,
  },
  {
    ...open,
    path: '/livez',
    limit: 'none',
    name: 'getLiveness',
    summary: 'The gateway runs',
    answers: { 200: { description: 'It does', content: { 'application/json': z.object({ ok: z.boolean() }) } } },
    handle: () => async (_req, res) => sendJson(res, 200, { ok: true }),
  },
  {
    ...open,
    path: '/readyz',
    limit: 'none',
    name: 'getReadiness',
    summary: 'The gateway can do its work',
    answers: {
      200: { description: 'It can', content: { 'application/json': z.looseObject({ ready: z.boolean() }) } },
      503: { description: 'It cannot', content: { 'application/json': z.looseObject({ ready: z.boolean() }) } },
    },
    handle: sendReadiness,
  },
]

function sendKeys({ keySet }: Context): ReturnType<HandRoute['handle']> {
  return async (_req, res) => {
    const keys = await keySet.list()
    res.setHeader('Cache-Control', 'public, max-age=60')
    sendJson(res, 200, { keys })
  }
}

function sendReadiness({ health }: Context): ReturnType<HandRoute['handle']> {
  return async (_req, res) => {
    const report = await health.report()
    sendJson(res, report.ready ? 200 : 503, report)
  }
}
