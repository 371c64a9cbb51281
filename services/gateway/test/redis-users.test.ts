import { Redis } from 'ioredis'
import { afterAll, describe, expect, it } from 'vitest'
// By path: it belongs to what sets an installation up.
import { type RedisUser, redisAclFile, redisRules } from '../../../packages/dev/src/provision/redis-users.ts'
import { useGateway } from './support/use-gateway.ts'

const { world, another } = await useGateway()
const prefix = `${world.redisPrefix}acl:`
const admin = new Redis(world.redisUrl)
world.use(admin, 'administrator', (it) => it.disconnect())

const nameOf = (user: RedisUser) => `${user}_${world.name}`

/** Makes the user on the run's server, under a name of this test; returns its URL. */
async function withUser(user: RedisUser): Promise<string> {
  await admin.call('acl', 'setuser', nameOf(user), ...redisRules(user, 'only-a-test', prefix))
  const url = new URL(world.redisUrl)
  url.username = nameOf(user)
  url.password = 'only-a-test'
  return url.href
}

afterAll(async () => {
  const cleaner = new Redis(world.redisUrl)
  await cleaner.call('acl', 'deluser', nameOf('gateway'), nameOf('media'))
  cleaner.disconnect()
})

function connected(url: string): Redis {
  const redis = new Redis(url)
  return world.use(redis, 'client', (it) => it.disconnect())
}

const FORBIDDEN = [
  ['keys', '*'],
  ['scan', '0'],
  ['flushall'],
  ['flushdb'],
  ['config', 'get', '*'],
  ['config', 'set', 'dir', '/tmp'],
  ['acl', 'list'],
  ['acl', 'setuser', 'x', 'on'],
  ['client', 'list'],
  ['client', 'kill', 'type', 'normal'],
  ['monitor'],
  ['module', 'list'],
  ['slaveof', 'localhost', '1'],
  ['save'],
  ['shutdown', 'nosave'],
  ['subscribe', 'x'],
  ['publish', 'x', 'y'],
  ['swapdb', '0', '1'],
  ['function', 'flush'],
  ['script', 'flush'],
  ['restore', `${prefix}rate:x`, '0', 'x'],
  ['migrate', 'localhost', '1', `${prefix}rate:x`, '0', '1'],
]

describe.each([
  ['gateway', 'media'],
  ['media', 'rate'],
] as const)("Redis' user for %s", (user, foreign) => {
  it.each(FORBIDDEN)('may not %s %s', async (command, ...args) => {
    const redis = connected(await withUser(user))
    await expect(redis.call(command, ...args)).rejects.toThrow('NOPERM')
  })

  it("reaches no key of another, nor beyond the installation's", async () => {
    const redis = connected(await withUser(user))
    for (const key of [`${prefix}${foreign}:x`, 'x', 'other:rate:x', 'other:media:x']) {
      await expect(redis.set(key, '1'), key).rejects.toThrow('NOPERM')
      await expect(redis.mget(key), key).rejects.toThrow('NOPERM')
      await expect(redis.eval("return redis.call('get', KEYS[1])", 1, key), key).rejects.toThrow('NOPERM')
      await expect(redis.eval(`return redis.call('get', '${key}')`, 0), key).rejects.toThrow(
        /NOPERM|can't access|permission/,
      )
    }
  })
})

it('the gateway counts in Redis as its user', async () => {
  const gateway = await another({ REDIS_URL: await withUser('gateway'), REDIS_PREFIX: prefix })
  for (let at = 0; at < 3; at++) await fetch(`${gateway.url}/v1/videos`)
  expect(await admin.keys(`${prefix}rate:*`)).not.toEqual([])
  expect(await gateway.metrics()).toMatch(/^kinora_rate_limiter_fallback_total\{.*\} 0$/m)
})

it('media keeps its cache as its user', async () => {
  const redis = connected(await withUser('media'))
  const key = `${prefix}media:generation:x`
  expect(await redis.set(key, '1', 'PX', 1000, 'NX', 'GET')).toBeNull()
  expect(await redis.mget(key, `${prefix}media:y`)).toEqual(['1', null])
})

it('the ACL file has a line for each user, closes the default one, and holds no password', () => {
  const file = redisAclFile({ gateway: 'secret-1', media: 'secret-2' }, 'kinora:')
  expect(file).toMatch(
    /^user default reset\nuser gateway reset on #[0-9a-f]{64} ~kinora:rate:\* -@all .*\nuser media reset on .*\n$/,
  )
  expect(file).not.toContain('secret')
})
