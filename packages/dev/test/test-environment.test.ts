import { inspect } from 'node:util'
import { createTestEnvironment, useTestEnvironment } from '@kinora/dev/harness'
import { connect } from 'amqplib'
import { Redis } from 'ioredis'
import pg from 'pg'
import { describe, expect, inject, test } from 'vitest'

const world = await useTestEnvironment()

async function query(url: string, sql: string): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    return (await client.query(sql)).rows
  } finally {
    await client.end()
  }
}

test('each service reaches its own schema', async () => {
  for (const schema of ['auth', 'media'] as const) {
    const rows = await query(world.databaseUrl(schema), `select count(*)::int as n from ${schema}.migrations`)
    expect(rows).toHaveLength(1)
  }
})

test("a service's database role cannot read another service's schema", async () => {
  const asAuth = query(world.databaseUrl('auth'), 'select * from media.migrations')
  await expect(asAuth).rejects.toThrow('permission denied for schema media')
  const asMedia = query(world.databaseUrl('media'), 'select * from auth.migrations')
  await expect(asMedia).rejects.toThrow('permission denied for schema auth')
})

test('each service logs in to the broker, and cannot make a queue outside its own names', async () => {
  for (const user of ['gateway', 'auth', 'media', 'worker', 'operator'] as const) {
    const connection = await connect(world.amqpUrl(user))
    connection.on('error', () => {})
    const channel = await connection.createChannel()
    channel.on('error', () => {})
    await expect(channel.assertQueue('not-mine')).rejects.toThrow('ACCESS_REFUSED')
    await connection.close()
  }
})

test("a world's broker users have no rights in another world's vhost once that one is gone", async () => {
  const other = await createTestEnvironment(inject('backing'))
  await other.remove()
  await expect(connect(other.amqpUrl('media'))).rejects.toThrow()
})

test('two worlds do not see each other', async () => {
  const other = await createTestEnvironment(inject('backing'))
  try {
    await query(world.adminDatabaseUrl, 'create table mark (here int)')
    await expect(query(other.adminDatabaseUrl, 'select * from mark')).rejects.toThrow('does not exist')

    const connection = await connect(world.adminAmqpUrl)
    await (await connection.createChannel()).assertQueue('mark')
    await connection.close()
    const elsewhere = await connect(other.adminAmqpUrl)
    elsewhere.on('error', () => {})
    const channel = await elsewhere.createChannel()
    channel.on('error', () => {})
    await expect(channel.checkQueue('mark')).rejects.toThrow('NOT_FOUND')
    await elsewhere.close()

    expect(other.redisPrefix).not.toBe(world.redisPrefix)
    expect(other.storageDir).not.toBe(world.storageDir)
  } finally {
    await other.remove()
  }
})

test('a world leaves nothing behind', async () => {
  const { name, backing, redisUrl, redisPrefix, adminDatabaseUrl, remove } = await createTestEnvironment(
    inject('backing'),
  )
  const inside = new Redis(redisUrl)
  await inside.set(`${redisPrefix}mark`, '1')
  inside.disconnect()
  await remove()
  const redis = new Redis(backing.redisUrl)
  expect(await redis.exists(`${redisPrefix}mark`)).toBe(0)
  await expect(query(adminDatabaseUrl, 'select 1')).rejects.toThrow(`database "${name}" does not exist`)
  redis.disconnect()
})

describe('a world that is removed while something is connected to it', () => {
  test('says so of a PostgreSQL client', async () => {
    const other = await createTestEnvironment(inject('backing'))
    const client = new pg.Client({ connectionString: other.databaseUrl('auth') })
    client.on('error', () => {})
    await client.connect()
    await client.query('select 7 as left_open')
    expect(await reasons(other.remove())).toContain(
      'PostgreSQL: kinora_auth, idle, last statement: select 7 as left_open',
    )
  })

  test('says so of a RabbitMQ connection', async () => {
    const other = await createTestEnvironment(inject('backing'))
    const connection = await connect(other.amqpUrl('media'))
    connection.on('error', () => {})
    expect(await reasons(other.remove())).toContain('RabbitMQ: media, 127.0.0.1:')
  })

  test('says so of a Redis client', async () => {
    const other = await createTestEnvironment(inject('backing'))
    const redis = new Redis(other.redisUrl)
    await redis.set(`${other.redisPrefix}mark`, '1')
    expect(await reasons(other.remove())).toMatch(/Redis: addr=\S+, last command: set/)
    redis.disconnect()
  })

  test('is removed all the same', async () => {
    const other = await createTestEnvironment(inject('backing'))
    const client = new pg.Client({ connectionString: other.adminDatabaseUrl })
    client.on('error', () => {})
    await client.connect()
    await expect(other.remove()).rejects.toThrow()
    await expect(query(other.adminDatabaseUrl, 'select 1')).rejects.toThrow(`database "${other.name}" does not exist`)
  })
})

/** The messages of all causes. */
async function reasons(removal: Promise<void>): Promise<string> {
  const error = await removal.then(
    () => new Error('It was removed without a word'),
    (reason: Error) => reason,
  )
  return inspect(error, { depth: 5 })
}
