import { findChromium } from '@kinora/dev/harness'
import { chromium } from 'playwright-core'
import { afterAll, describe, expect, it, vi } from 'vitest'
import { useGateway } from './support/use-gateway.ts'

// A browser, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 600_000 })
const PATIENCE = { timeout: 200_000 }
const PHONE = { width: 390, height: 844 }

const { gateway, request } = await useGateway()
const executablePath = await findChromium((line) => void process.stderr.write(`${line}\n`))
const browser = await chromium.launch({ executablePath })
afterAll(() => browser.close())

describe('the API reference', () => {
  it('is where the front door leads, and nothing else is below it', async () => {
    const home = await request('/')
    expect([home.status, home.headers.get('location')]).toEqual([308, '/docs'])
    const answer = await request('/docs/anything')
    expect([answer.status, await answer.json()]).toMatchObject([404, { code: 'ROUTE_NOT_FOUND' }])
  })

  it('shows the operations on a phone, under its policy and without a request to another host', async () => {
    const tab = await browser.newPage({ viewport: PHONE })
    tab.setDefaultTimeout(PATIENCE.timeout)
    const violations: string[] = []
    const foreign: string[] = []
    tab.on('console', (message) => {
      if (message.text().includes('Content Security Policy')) violations.push(message.text())
    })
    tab.on('pageerror', (error) => violations.push(error.message))
    tab.on('request', (sent) => {
      if (!/^(data|blob):/.test(sent.url()) && new URL(sent.url()).origin !== gateway.url) foreign.push(sent.url())
    })
    await tab.goto(gateway.url)
    expect(tab.url()).toBe(`${gateway.url}/docs`)
    await tab.getByRole('heading', { name: 'Kinora', exact: true, level: 1 }).waitFor()
    await tab.getByRole('heading', { name: 'Videos', exact: true }).first().waitFor()
    await tab.goto(`${gateway.url}/docs#tag/videos/POST/v1/videos`)
    await tab.getByRole('heading', { name: 'Create a video' }).first().waitFor()
    const width = await tab.evaluate<number>('document.documentElement.scrollWidth')
    expect(width).toBeLessThanOrEqual(PHONE.width)
    expect({ violations, foreign }).toEqual({ violations: [], foreign: [] })
  })
})
