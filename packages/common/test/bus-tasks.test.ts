import { until, useTestEnvironment } from '@kinora/dev/harness'
import { expect, it } from 'vitest'
import type { TaskMessage } from '../src/contracts/work.ts'
import { gate, openBus } from './bus-kit.ts'

const world = await useTestEnvironment()

function task(attempt = 1): TaskMessage {
  return { taskId: crypto.randomUUID(), attempt }
}

it('shares the tasks of a queue between two workers, each with as many as it has slots', async () => {
  const media = await openBus(world, 'media')
  const running = { a: 0, b: 0 }
  const finish = gate()
  for (const name of ['a', 'b'] as const) {
    const worker = await openBus(world, 'worker')
    await worker.consumeTasks('long', {
      slots: 2,
      handle: async () => {
        running[name]++
        await finish.opened
        return 'done'
      },
    })
  }
  for (let i = 0; i < 4; i++) await media.sendTask('long', task())
  await until(() => running.a === 2 && running.b === 2)
  finish.open()
})

it('hands the task of a lost worker to another one as redelivered', async () => {
  const media = await openBus(world, 'media')
  const started = gate()
  const aborted = gate()
  const lost = await openBus(world, 'worker', { drainMs: 0 })
  await lost.consumeTasks('short', {
    slots: 1,
    handle: (_message, { redelivered, signal }) => {
      expect(redelivered).toBe(false)
      signal.addEventListener('abort', aborted.open)
      started.open()
      return new Promise(() => {})
    },
  })
  const sent = task()
  await media.sendTask('short', sent)
  await started.opened
  await lost.drain()
  await aborted.opened
  const seen: unknown[] = []
  const other = await openBus(world, 'worker')
  await other.consumeTasks('short', {
    slots: 1,
    handle: async (message, { redelivered }) => {
      seen.push({ message, redelivered })
      return 'done'
    },
  })
  await until(() => seen.length === 1)
  expect(seen[0]).toEqual({ message: sent, redelivered: true })
})

it('brings a task back: at once when it is given back, after a while when it is for later', async () => {
  const media = await openBus(world, 'media')
  const outcomes = ['requeue', 'later', 'done'] as const
  const times: number[] = []
  const marks: boolean[] = []
  const worker = await openBus(world, 'worker')
  await worker.consumeTasks('short', {
    slots: 1,
    handle: async (_message, { redelivered }) => {
      times.push(performance.now())
      marks.push(redelivered)
      return outcomes[times.length - 1] ?? 'done'
    },
  })
  await media.sendTask('short', task())
  await until(() => times.length === 3)
  const [, second = 0, third = 0] = times
  expect(third - second).toBeGreaterThan(4500)
  // Whoever had it first may hold it still, whichever way it came back.
  expect(marks).toEqual([false, true, true])
})

it('hands out what has the higher priority first, and in order what has the same', async () => {
  const media = await openBus(world, 'media')
  const [last, first, second] = [task(), task(), task()]
  await media.sendTask('long', last)
  await media.sendTask('long', first, 9)
  await media.sendTask('long', second, 9)
  const taken: TaskMessage[] = []
  const worker = await openBus(world, 'worker')
  await worker.consumeTasks('long', {
    slots: 1,
    handle: async (message) => {
      taken.push(message)
      return 'done'
    },
  })
  await until(() => taken.length === 3)
  expect(taken).toEqual([first, second, last])
})

it('finishes what is in flight when it stops, and takes nothing more', async () => {
  const media = await openBus(world, 'media')
  const started = gate()
  const finish = gate()
  let runs = 0
  const worker = await openBus(world, 'worker')
  const consumer = await worker.consumeTasks('short', {
    slots: 1,
    handle: async () => {
      runs++
      started.open()
      await finish.opened
      return 'done'
    },
  })
  await media.sendTask('short', task())
  await started.opened
  const stopped = consumer.stop()
  await media.sendTask('short', task())
  finish.open()
  await stopped
  expect(runs).toBe(1)
})
