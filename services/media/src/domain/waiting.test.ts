import { expect, it } from 'vitest'
import { type Unfinished, waitingFor } from './priority.ts'

const task = (given: Partial<Unfinished>): Unfinished => ({
  kind: 'video',
  state: 'waiting',
  held: false,
  notBefore: null,
  ...given,
})

it.each<[string, Unfinished, boolean, string]>([
  ['a free worker', task({ state: 'queued' }), false, 'worker'],
  ['the end of a pause', task({ notBefore: new Date() }), false, 'pause'],
  ["another of its owner's tasks", task({ held: true }), false, 'turn'],
  ['the first seconds of its video', task({}), false, 'start'],
  ['the tasks before it', task({ kind: 'finalise' }), false, 'tasks'],
  ['what is done to be published', task({ kind: 'finalise' }), true, 'playlists'],
  ['a retry', task({ state: 'cancelled' }), false, 'retry'],
])('a task may wait for %s', (_words, waiting, tasksDone, reason) => {
  expect(waitingFor(waiting, tasksDone)).toEqual({ reason, detail: expect.stringMatching(/^(It|The) .*\.$/) })
})
