import { expect, test } from 'vitest'
import { backingFromEnvironment } from './from-environment.ts'

const complete = {
  KINORA_POSTGRES_ADMIN_URL: 'postgres://a:b@db/postgres',
  KINORA_RABBITMQ_ADMIN_URL: 'amqp://a:b@mq',
  KINORA_RABBITMQ_MANAGEMENT_URL: 'http://a:b@mq:15672',
  KINORA_REDIS_URL: 'redis://cache',
}

test('takes the servers that are named', () => {
  expect(backingFromEnvironment(complete)).toMatchObject({
    kind: 'environment',
    postgres: { adminUrl: 'postgres://a:b@db/postgres' },
    rabbitmq: { adminUrl: 'amqp://a:b@mq', managementUrl: 'http://a:b@mq:15672' },
    redis: { url: 'redis://cache' },
  })
})

test('is not concerned when none is named', () => {
  expect(backingFromEnvironment({ PATH: '/usr/bin' })).toBeUndefined()
})

test('refuses a half-named set', () => {
  const { KINORA_REDIS_URL: _, ...rest } = complete
  expect(() => backingFromEnvironment(rest)).toThrow('not KINORA_REDIS_URL')
})
