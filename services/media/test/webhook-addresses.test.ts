import { BlockList } from 'node:net'
import { request } from 'undici'
import { afterEach, expect, test } from 'vitest'
import type { ResolveHost } from '../src/infra/webhook-address.ts'
import { addressRule, guardedAgent } from '../src/infra/webhook-address.ts'
import { startReceiver } from './support/receiver.ts'

const receiver = await startReceiver()
const nothing = new BlockList()
const loopback = new BlockList()
loopback.addSubnet('127.0.0.0', 8, 'ipv4')
const opened: { destroy(): Promise<void> }[] = []
afterEach(() => Promise.all(opened.splice(0).map((agent) => agent.destroy())))

/** Posts to a host with a guarded agent that resolves names with `resolve`; the status, or the code of the error. */
async function post(host: string, allowed: BlockList, resolve?: ResolveHost): Promise<unknown> {
  const dispatcher = guardedAgent(addressRule(allowed), resolve)
  opened.push(dispatcher)
  try {
    const answer = await request(`http://${host}:${receiver.port}/`, { dispatcher, method: 'POST', body: '{}' })
    await answer.body.dump()
    return answer.statusCode
  } catch (error) {
    return (error as { code?: string }).code
  }
}

test.each(['127.0.0.1', '[::1]', '[::ffff:127.0.0.1]', '0x7f.1', 'localhost'])('%s is not reached', async (host) => {
  expect(await post(host, nothing)).toBe('ADDRESS_REFUSED')
  expect(receiver.got).toEqual([])
})

test('a name that leads into private networks is not reached', async () => {
  for (const address of ['127.0.0.1', '::ffff:127.0.0.1', '64:ff9b::7f00:1', '169.254.169.254']) {
    expect(await post('inside.test', nothing, async () => [address])).toBe('ADDRESS_REFUSED')
  }
  expect(receiver.got).toEqual([])
})

test('of the addresses of a name only those that are allowed are tried', async () => {
  expect(await post('mixed.test', loopback, async () => ['10.0.0.1', '127.0.0.1', 'fd00::1'])).toBe(204)
})

test('the address that was checked is the one that is connected to, however often a name changes', async () => {
  const answers = [['127.0.0.1'], ['10.0.0.1'], ['127.0.0.1']]
  let asked = 0
  const rebinding = async () => answers[asked++] ?? []
  expect(await post('rebinding.test', loopback, rebinding)).toBe(204)
  expect(asked).toBe(1)
  expect(await post('rebinding.test', loopback, rebinding)).toBe('ADDRESS_REFUSED')
  expect(asked).toBe(2)
})

test('a name that does not exist is told as that', async () => {
  const missing: ResolveHost = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }))
  expect(await post('missing.test', loopback, missing)).toBe('ENOTFOUND')
})
