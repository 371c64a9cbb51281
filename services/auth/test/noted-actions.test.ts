import { randomUUID } from 'node:crypto'
import { connectBus } from '@kinora/common/bus'
import type { EventEnvelope } from '@kinora/common/contract'
import { auth, type NotedAction } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { OPERATOR } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const { world, gateway } = await useAuth()
const media = await connectBus({ url: world.amqpUrl('media'), service: 'media', logger: pino({ level: 'silent' }) })
world.use(media, 'media', (it) => it.drain())

function note(data: object): EventEnvelope {
  const about = { id: randomUUID(), type: 'audit.noted', version: 1, aggregateId: 'x', sequence: 1 }
  return { ...about, occurredAt: new Date().toISOString(), data }
}

test('what an administrator does in media is in the audit log once, however often it is told', async () => {
  const { actor } = await gateway.signUpAdmin()
  const client = { ip: '203.0.113.9', userAgent: 'curl' }
  const subject = randomUUID()
  const said: NotedAction = {
    action: 'parked_redrive',
    actor: { ...actor, role: 'admin' },
    subject,
    requestId: 'r1',
    client,
  }
  const event = note(said)
  await media.publish(event)
  await media.publish(event)
  // Events are handled in order, so the earlier ones are handled when this one is.
  await media.publish(note({ ...said, action: 'parked_discard', actor: OPERATOR, client: null }))
  const items = await until(async () => {
    const page = await gateway.call(auth.searchAudit, { limit: 100 }, OPERATOR)
    const found = page.items.filter((item) => item.subject === subject)
    return found.some(({ action }) => action === 'parked_discard') && found.length >= 2 && found
  })
  expect(items.filter(({ action }) => action === 'parked_redrive')).toMatchObject([
    {
      id: event.id,
      actor: { kind: 'user', id: actor.userId },
      userId: null,
      outcome: 'success',
      requestId: 'r1',
      ...client,
    },
  ])
  expect(items.find(({ action }) => action === 'parked_discard')?.actor).toEqual({ kind: 'service', id: 'operator' })
  expect((await gateway.call(auth.verifyAudit, {}, OPERATOR)).problem).toBeNull()
})

test('what a member does in a project is in their own audit log', async () => {
  const { actor } = await gateway.signUp()
  const subject = randomUUID()
  const said = { actor, subject, requestId: 'r4', client: null }
  // What only administrators may do is not believed of others.
  await media.publish(note({ ...said, action: 'limits_change' }))
  await media.publish(note({ ...said, action: 'playback_key_create' }))
  const own = async () => (await gateway.call(auth.listAudit, {}, actor)).items.map(({ action }) => action)
  await until(async () => (await own()).includes('playback_key_create'))
  const all = await gateway.call(auth.searchAudit, { limit: 100 }, OPERATOR)
  const about = all.items.filter((item) => item.subject === subject)
  expect(about).toMatchObject([{ action: 'playback_key_create', userId: actor.userId, outcome: 'success' }])
})

test('media can have nothing else written into the audit log', async () => {
  const { actor } = await gateway.signUpAdmin()
  const forged = note({ action: 'login', actor, subject: 'forged', requestId: 'r2', client: null })
  await media.publish(forged)
  await media.publish(
    note({ action: 'parked_discard', actor: OPERATOR, subject: 'after', requestId: 'r3', client: null }),
  )
  const find = async () => (await gateway.call(auth.searchAudit, { limit: 100 }, OPERATOR)).items
  await until(async () => (await find()).some(({ subject }) => subject === 'after'))
  expect((await find()).some(({ subject }) => subject === 'forged')).toBe(false)
})
