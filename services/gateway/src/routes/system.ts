import { Jwk } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { sendJson } from '../http/mount.ts'
import { ProxyReport, proxyReport } from '../proxy-check/proxy-report.ts'
import { type HandRoute, tagged } from './route.ts'

const Readiness = z.object({
  ready: z.boolean().meta({ description: 'Whether the gateway can do its work.', example: true }),
  version: z.string().optional().meta({ description: 'The version of Kinora.', example: '0.2.0' }),
  draining: z.boolean().optional().meta({ description: 'Whether the gateway is shutting down.', example: false }),
  checks: z
    .record(
      z.string(),
      z.object({
        ok: z.boolean().meta({ description: 'Whether it works.', example: true }),
        detail: z.record(z.string(), z.unknown()).optional().meta({ description: 'Details of the check.' }),
      }),
    )
    .optional()
    .meta({ description: 'Result of each check, by name.' }),
  proxy: ProxyReport.optional().meta({ description: 'How the address of this client was determined.' }),
})

const open = { method: 'get', auth: 'none', errors: [] } as const

export const system = tagged('System', [
  {
    ...open,
    path: '/.well-known/jwks.json',
    limit: 'playback',
    name: 'getJwks',
    summary: 'Get the public keys of access tokens',
    description: 'A JSON Web Key Set (RFC 7517).',
    answers: {
      200: {
        description: 'The keys',
        headers: ['Cache-Control'],
        content: { 'application/json': z.object({ keys: z.array(Jwk).meta({ description: 'The keys.' }) }) },
      },
    },
    handle: sendKeys,
  },
  {
    ...open,
    path: '/livez',
    limit: 'none',
    name: 'getLiveness',
    summary: 'Check that the gateway runs',
    errors: ['BAD_REQUEST'],
    answers: {
      200: {
        description: 'It runs',
        content: {
          'application/json': z.object({ ok: z.boolean().meta({ description: 'Whether it works.', example: true }) }),
        },
      },
    },
    handle: () => async (_req, res) => sendJson(res, 200, { ok: true }),
  },
  {
    ...open,
    path: '/readyz',
    limit: 'none',
    name: 'getReadiness',
    summary: 'Check that the gateway is ready',
    description:
      'With `verbose`, for administrators: the result of each check, and how the address of the client was determined.',
    query: z.looseObject({
      verbose: z.string().optional().meta({
        description: 'With any value: the result of each check as well; for administrators.',
        example: '1',
      }),
    }),
    answers: {
      200: { description: 'Ready', content: { 'application/json': Readiness } },
      503: { description: 'Not ready', content: { 'application/json': Readiness } },
    },
    errors: ['UNAUTHENTICATED', 'FORBIDDEN'],
    handle: sendReadiness,
  },
])

function sendKeys({ keySet }: Context): ReturnType<HandRoute['handle']> {
  return async (_req, res) => {
    const keys = await keySet.list()
    res.setHeader('Cache-Control', 'public, max-age=60')
    sendJson(res, 200, { keys })
  }
}

/** Health checks need no token and read the status only; details are for administrators. */
function sendReadiness(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res) => {
    const isVerbose = req.query.verbose !== undefined
    if (isVerbose) await ctx.admission.admit(req, res, { auth: 'admin', scope: 'admin', limit: 'general' })
    const { ready, ...details } = await ctx.health.report()
    const proxy = () => proxyReport(req, ctx.config.TRUSTED_PROXIES, ctx.forwardedCallers)
    res.setHeader('Cache-Control', 'no-store')
    sendJson(res, ready ? 200 : 503, isVerbose ? { ready, ...details, proxy: proxy() } : { ready })
  }
}
