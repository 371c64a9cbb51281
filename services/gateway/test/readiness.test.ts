import { describe, expect, it } from 'vitest'
import type { ProxyReport } from '../src/proxy-check/proxy-report.ts'
import { useGateway } from './support/use-gateway.ts'

const { gateway, another, auth, signedIn } = await useGateway({ TRUSTED_PROXIES: 'loopback' })
const admin = { authorization: `Bearer ${auth.signer.sign({ claims: { role: 'admin' } })}` }

async function verbose(url: string, headers: Record<string, string> = {}) {
  const answer = await fetch(`${url}/readyz?verbose`, { headers: { ...admin, ...headers } })
  expect(answer.status).toBe(200)
  expect(answer.headers.get('cache-control')).toBe('no-store')
  return (await answer.json()) as { ready: boolean; checks: object; proxy: ProxyReport }
}

describe('/readyz', () => {
  it('shows everybody only whether the gateway is ready', async () => {
    const answer = await fetch(`${gateway.url}/readyz`)
    expect(await answer.json()).toEqual({ ready: true })
  })

  it('shows administrators all dependencies of the gateway', async () => {
    expect(await verbose(gateway.url)).toMatchObject({
      ready: true,
      draining: false,
      checks: {
        bus: { ok: true, detail: { connected: true } },
        breakers: { ok: true, detail: { auth: 'closed' } },
        redis: { ok: true, detail: { degraded: false } },
        storage: { ok: true },
        revocations: { ok: true, detail: { stale: false } },
      },
    })
  })

  it('shows them to nobody else', async () => {
    const codeOf = async (headers: Record<string, string>) =>
      ((await (await fetch(`${gateway.url}/readyz?verbose`, { headers })).json()) as { code: string }).code
    expect(await codeOf({})).toBe('UNAUTHENTICATED')
    expect(await codeOf(signedIn())).toBe('FORBIDDEN')
  })
})

describe('the proxy check', () => {
  it('shows an address from a trusted proxy', async () => {
    const { proxy } = await verbose(gateway.url, { 'x-forwarded-for': '198.51.100.1, 203.0.113.9' })
    expect(proxy).toEqual({
      client: {
        address: '203.0.113.9',
        decidedBy: 'x-forwarded-for',
        peer: '127.0.0.1',
        forwardedFor: '198.51.100.1, 203.0.113.9',
      },
      trustedProxies: ['loopback'],
      warnings: [],
    })
  })

  it('shows the address of the connection without a proxy', async () => {
    const { proxy } = await verbose(gateway.url)
    expect(proxy.client).toEqual({
      address: '127.0.0.1',
      decidedBy: 'connection',
      peer: '127.0.0.1',
      forwardedFor: null,
    })
  })

  it('warns of an ignored header, and of clients that share one address', async () => {
    const untrusting = await another({})
    const first = await verbose(untrusting.url, { 'x-forwarded-for': '203.0.113.1' })
    expect(first.proxy.client).toMatchObject({ address: '127.0.0.1', decidedBy: 'connection' })
    expect(first.proxy.warnings.map(({ code }) => code)).toEqual(['FORWARDED_FOR_IGNORED'])
    await fetch(`${untrusting.url}/v1/videos`, { headers: { 'x-forwarded-for': '203.0.113.2' } })
    const { proxy } = await verbose(untrusting.url)
    expect(proxy.warnings.map(({ code }) => code)).toEqual(['ONE_ADDRESS'])
  })

  it('warns, at the start and on request, of a trusted network with public addresses', async () => {
    const trusting = await another({ TRUSTED_PROXIES: '10.0.0.0/8, 0.0.0.0/1' })
    const { proxy } = await verbose(trusting.url)
    expect(proxy.warnings).toEqual([{ code: 'SPOOFABLE', detail: expect.stringContaining('0.0.0.0/1') }])
    expect(trusting.log.some((line) => line.includes('can claim any other address'))).toBe(true)
  })
})
