import { once } from 'node:events'
import { createServer, type IncomingMessage, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { pino } from 'pino'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { breachCheck } from './breach-check.ts'

// SHA-1 of `password`: 5BAA6 1E4C9B93F3F0682250B6CF8331B7EE68FD8
const LISTED = '1E4C9B93F3F0682250B6CF8331B7EE68FD8'

const asked: IncomingMessage[] = []
let answer = { status: 200, body: '' }
let server: Server
let url: string

beforeAll(async () => {
  server = createServer((req, res) => {
    asked.push(req)
    if (answer.status > 0) res.writeHead(answer.status).end(answer.body)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/range/`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

const lines: string[] = []
const logger = pino({ level: 'warn' }, { write: (line: string) => lines.push(line) })
const isBreached = (password: string) => breachCheck(url, logger)(password)

describe('breachCheck', () => {
  it('finds a password in its range, and tells the service five characters of its hash', async () => {
    answer = { status: 200, body: `0018A45C4D1DEF81644B54AB7F969B88D65:3\r\n${LISTED}:52372427\r\n` }
    expect(await isBreached('password')).toBe(true)
    expect(asked.at(-1)?.url).toBe('/range/5BAA6')
    expect(asked.at(-1)?.headers['add-padding']).toBe('true')
    expect(JSON.stringify(asked.at(-1)?.rawHeaders)).not.toContain(LISTED)
  })

  it('takes padding for what it is, and another suffix for another password', async () => {
    answer = { status: 200, body: `${LISTED}:0\r\n` }
    expect(await isBreached('password')).toBe(false)
    answer = { status: 200, body: '0018A45C4D1DEF81644B54AB7F969B88D65:3\n' }
    expect(await isBreached('password')).toBe(false)
  })

  it.each([
    ['says that it is broken', 500],
    ['says nothing', 0],
  ])('lets every password pass while the service %s, and logs that', async (_what, status) => {
    answer = { status, body: LISTED }
    lines.length = 0
    expect(await isBreached('password')).toBe(false)
    expect(lines).toHaveLength(1)
    expect(lines[0]).toContain('could not be looked up')
    expect(lines[0]).not.toContain(LISTED)
  })

  it('asks nobody where no service is set', async () => {
    const before = asked.length
    expect(await breachCheck(undefined, logger)('password')).toBe(false)
    expect(asked).toHaveLength(before)
  })
})
