import { until, useTestEnvironment } from '@kinora/dev/harness'
import { Registry } from 'prom-client'
import { expect, it } from 'vitest'
import type { Handlers } from '../src/contract.ts'
import { AppError } from '../src/errors.ts'
import { call, gate, media, openBus, type TestMedia, user, waitingIn } from './bus-kit.ts'

const world = await useTestEnvironment()

function handlers(overrides: Partial<Handlers<TestMedia>> = {}): Handlers<TestMedia> {
  return {
    echo: async ({ text }) => ({ text }),
    whoAmI: async (_input, { actor }) => actor,
    fail: async () => {
      throw new AppError('VIDEO_NOT_FOUND')
    },
    addOne: async ({ text }) => ({ text }),
    ...overrides,
  }
}

it('answers a call, with output that has only what the contract names', async () => {
  const server = await openBus(world, 'media')
  const leaky = async ({ text }: { text: string }) => ({ text, passwordHash: 'x' })
  await server.serve(media, handlers({ echo: leaky }))
  const client = await openBus(world, 'gateway')
  expect(await client.call(media.echo, { text: 'hello' }, call)).toEqual({ text: 'hello' })
})

it('passes actor, request id, client and what is left of the deadline to the handler', async () => {
  const seen: unknown[] = []
  const server = await openBus(world, 'media')
  const spy: Handlers<TestMedia>['echo'] = async ({ text }, { actor, requestId, client, timeoutMs }) => {
    seen.push({ actor, requestId, client }, timeoutMs)
    return { text }
  }
  await server.serve(media, handlers({ echo: spy }))
  const client = await openBus(world, 'gateway')
  const address = { ip: '192.0.2.1', userAgent: 'test' }
  await client.call(media.echo, { text: '' }, { ...call, client: address, timeoutMs: 1234 })
  expect(seen[0]).toEqual({ actor: user, requestId: 'r1', client: address })
  expect(seen[1]).toBeGreaterThan(0)
  expect(seen[1]).toBeLessThanOrEqual(1234)
})

it('believes the gateway about users, and takes every other service for itself', async () => {
  const server = await openBus(world, 'media')
  await server.serve(media, handlers())
  const gateway = await openBus(world, 'gateway')
  const worker = await openBus(world, 'worker')
  expect(await gateway.call(media.whoAmI, {}, call)).toEqual(user)
  expect(await worker.call(media.whoAmI, {}, call)).toEqual({ kind: 'service', name: 'worker' })
})

it('answers at once with NO_RESPONDER when the service does not run', async () => {
  const client = await openBus(world, 'gateway')
  const error = await client.call(media.echo, { text: '' }, call).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ code: 'NO_RESPONDER', retryable: true })
})

it('names the fields of an input that does not fit', async () => {
  const server = await openBus(world, 'media')
  await server.serve(media, handlers())
  const client = await openBus(world, 'gateway')
  await expect(client.call(media.echo, { text: 7 as unknown as string }, call)).rejects.toMatchObject({
    code: 'VALIDATION_FAILED',
    fields: [{ path: 'text' }],
  })
})

it('passes on the errors that a method lists, and hides all others', async () => {
  const server = await openBus(world, 'media')
  const leak = new Error('select password from users')
  await server.serve(media, handlers({ echo: () => Promise.reject(leak) }))
  const client = await openBus(world, 'gateway')
  await expect(client.call(media.fail, { text: '' }, call)).rejects.toMatchObject({ code: 'VIDEO_NOT_FOUND' })
  const hidden = await client.call(media.echo, { text: '' }, call).catch((thrown: unknown) => thrown)
  expect(hidden).toMatchObject({ code: 'INTERNAL' })
  expect(JSON.stringify(hidden)).not.toContain('password')
})

it('calls the failure of a further hop DEPENDENCY_UNAVAILABLE, because this hop did run', async () => {
  const server = await openBus(world, 'media')
  await server.serve(media, handlers({ echo: () => Promise.reject(new AppError('NO_RESPONDER')) }))
  const client = await openBus(world, 'gateway')
  await expect(client.call(media.echo, { text: '' }, call)).rejects.toMatchObject({ code: 'DEPENDENCY_UNAVAILABLE' })
})

it('gives up at the deadline, aborts the handler and counts its late answer', async () => {
  const metrics = new Registry()
  let aborted = false
  const answer = gate()
  const server = await openBus(world, 'media')
  const slow: Handlers<TestMedia>['echo'] = async ({ text }, { signal }) => {
    signal?.addEventListener('abort', () => {
      aborted = true
    })
    await answer.opened
    return { text }
  }
  await server.serve(media, handlers({ echo: slow }))
  const client = await openBus(world, 'gateway', { metrics })
  const asked = client.call(media.echo, { text: '' }, { ...call, timeoutMs: 1000 })
  await expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' })
  await until(() => aborted)
  answer.open()
  await until(async () => (await metrics.metrics()).includes('kinora_rpc_late_replies_total 1'))
})

it('never runs a request whose deadline passed while it was waiting', async () => {
  const busy = gate()
  const ran: string[] = []
  const server = await openBus(world, 'media')
  const slow: Handlers<TestMedia>['echo'] = async ({ text }) => {
    ran.push(text)
    await busy.opened
    return { text }
  }
  await server.serve(media, handlers({ echo: slow }), { prefetch: 1 })
  const client = await openBus(world, 'gateway')
  const first = client.call(media.echo, { text: 'first' }, call)
  const second = client.call(media.echo, { text: 'second' }, { ...call, timeoutMs: 100 })
  await expect(second).rejects.toMatchObject({ code: 'TIMEOUT' })
  // The broker's clock for it started a moment after the caller's.
  await until(async () => (await waitingIn(world.adminAmqpUrl, 'rpc.media')) === 0)
  busy.open()
  await first
  await client.call(media.echo, { text: 'third' }, call)
  expect(ran).toEqual(['first', 'third'])
})

it('answers QUEUE_FULL when more requests wait than the queue holds', async () => {
  const busy = gate()
  const server = await openBus(world, 'media')
  await server.serve(media, handlers({ echo: ({ text }) => busy.opened.then(() => ({ text })) }), { prefetch: 1 })
  const client = await openBus(world, 'gateway')
  const outcomes = Array.from({ length: 1100 }, () =>
    client.call(media.echo, { text: '' }, { ...call, timeoutMs: 20_000 }).then(
      () => 'answered',
      (error: AppError) => error.code,
    ),
  )
  expect(await Promise.race(outcomes)).toBe('QUEUE_FULL')
  busy.open()
  const all = await Promise.all(outcomes)
  expect(new Set(all)).toEqual(new Set(['answered', 'QUEUE_FULL']))
  expect(all.filter((outcome) => outcome === 'answered').length).toBeGreaterThanOrEqual(1000)
})

it('stops waiting when the caller does', async () => {
  const server = await openBus(world, 'media')
  const never = gate()
  await server.serve(media, handlers({ echo: ({ text }) => never.opened.then(() => ({ text })) }))
  const client = await openBus(world, 'gateway')
  const controller = new AbortController()
  const asked = client.call(media.echo, { text: '' }, { ...call, signal: controller.signal })
  controller.abort()
  await expect(asked).rejects.toMatchObject({ code: 'TIMEOUT' })
  never.open()
})

it('opens the breaker of a dead service after five calls and recovers when the service is back', async () => {
  const client = await openBus(world, 'gateway', { breaker: { failures: 5, resetMs: 200 } })
  const outcome = () =>
    client.call(media.echo, { text: '' }, call).then(
      () => 'answered',
      (error: AppError) => error.code,
    )
  for (let i = 0; i < 5; i++) expect(await outcome()).toBe('NO_RESPONDER')
  expect(await outcome()).toBe('CIRCUIT_OPEN')
  expect(client.status().breakers).toEqual({ media: 'open' })
  const server = await openBus(world, 'media')
  await server.serve(media, handlers())
  await until(() => client.status().breakers.media === 'closed')
  expect(await outcome()).toBe('answered')
})

it('answers what is in flight before it stops, and takes nothing new', async () => {
  const busy = gate()
  const started = gate()
  const server = await openBus(world, 'media', { drainMs: 10_000 })
  const slow: Handlers<TestMedia>['echo'] = async ({ text }) => {
    started.open()
    await busy.opened
    return { text }
  }
  await server.serve(media, handlers({ echo: slow }))
  const client = await openBus(world, 'gateway')
  const asked = client.call(media.echo, { text: 'in flight' }, call)
  await started.opened
  const drained = server.drain()
  await until(async () => {
    const error = await client.call(media.echo, { text: 'new' }, { ...call, timeoutMs: 50 }).catch((it: AppError) => it)
    return error instanceof AppError && error.code === 'NO_RESPONDER'
  })
  busy.open()
  expect(await asked).toEqual({ text: 'in flight' })
  await drained
})

it('hands the request of a server that went away to another one once, and calls it POISON the second time', async () => {
  const client = await openBus(world, 'gateway')
  const deaths: string[] = []
  const mortal = async () => {
    const server = await openBus(world, 'media', { drainMs: 0 })
    const die: Handlers<TestMedia>['echo'] = async () => {
      deaths.push('died')
      // Closes the channel without an answer, as the end of the process would.
      await server.drain()
      return await new Promise(() => {})
    }
    await server.serve(media, handlers({ echo: die }), { prefetch: 1 })
  }
  await mortal()
  await mortal()
  await mortal()
  const asked = client.call(media.echo, { text: '' }, { ...call, timeoutMs: 10_000 })
  await expect(asked).rejects.toMatchObject({ code: 'POISON' })
  expect(deaths.length).toBe(2)
})

it('does not run a method twice that is not idempotent', async () => {
  const client = await openBus(world, 'gateway')
  let runs = 0
  const mortal = async () => {
    const server = await openBus(world, 'media', { drainMs: 0 })
    const die: Handlers<TestMedia>['addOne'] = async () => {
      runs++
      await server.drain()
      return await new Promise(() => {})
    }
    await server.serve(media, handlers({ addOne: die }))
  }
  await mortal()
  await mortal()
  const asked = client.call(media.addOne, { text: '' }, { ...call, timeoutMs: 20_000 })
  await expect(asked).rejects.toMatchObject({ code: 'TIMEOUT', detail: expect.stringContaining('went away') })
  expect(runs).toBe(1)
})
