import type { TaskCause } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { deriveState, type TaskFacts } from './video-state.ts'

const NONE = { materialPublished: 0, republish: false }
const CAUSE: TaskCause = { class: 'input', code: 'CORRUPT', detail: 'The file is broken.' }

function task(
  kind: TaskFacts['kind'],
  ordinal: number,
  state: TaskFacts['state'],
  more: Partial<TaskFacts> = {},
): TaskFacts {
  const started = state === 'running' || state === 'done' || state === 'failed'
  const written = state === 'done' ? 1 : 0
  const id = `${kind} ${ordinal}`
  return { id, kind, ordinal, state, weight: 1, fraction: 0, written, started, delayed: false, cause: null, ...more }
}

function work(
  first: TaskFacts['state'],
  audio: TaskFacts['state'],
  rest: TaskFacts['state'],
  finalise: TaskFacts['state'],
) {
  return [
    task('probe', 0, 'done'),
    task('video', 1, first),
    task('audio', 2, audio),
    task('video', 3, rest),
    task('finalise', 4, finalise),
  ]
}

describe("a video's state", () => {
  it('begins with the upload and changes when the first task is taken', () => {
    expect(deriveState(false, NONE, [])).toMatchObject({ status: 'awaiting_upload', stage: 'waiting', percent: 0 })
    expect(deriveState(true, NONE, [task('probe', 0, 'queued')])).toMatchObject({
      status: 'uploaded',
      stage: 'waiting',
    })
    const probing = deriveState(true, NONE, [task('probe', 0, 'running', { fraction: 0.5 })])
    expect(probing).toMatchObject({ status: 'processing', stage: 'probing', percent: 1 })
  })

  it('of a source without frames is playable with its audio', () => {
    const tasks = [task('probe', 0, 'done'), task('audio', 2, 'running', { written: 1 }), task('poster', 3, 'waiting')]
    expect(deriveState(true, NONE, tasks)).toMatchObject({ material: 1, due: ['poster 3'] })
    const begun = [task('probe', 0, 'done'), task('audio', 2, 'waiting'), task('poster', 3, 'waiting')]
    expect(deriveState(true, NONE, begun)).toMatchObject({ material: 0, due: ['audio 2'] })
  })

  it('stays "processing" when a task goes back to the queue', () => {
    const tasks = [task('probe', 0, 'queued', { started: true })]
    expect(deriveState(true, NONE, tasks).status).toBe('processing')
  })

  it('has something to publish once the first picture and the sound are there', () => {
    expect(deriveState(true, NONE, work('done', 'running', 'done', 'waiting')).material).toBe(0)
    expect(deriveState(true, NONE, work('queued', 'done', 'done', 'waiting')).material).toBe(0)
    expect(deriveState(true, NONE, work('done', 'done', 'queued', 'waiting')).material).toBe(4)
    const begun = [
      task('video', 1, 'running', { written: 1 }),
      task('audio', 2, 'running', { written: 2 }),
      task('video', 3, 'queued'),
    ]
    expect(deriveState(true, NONE, begun).material).toBe(3)
    expect(deriveState(true, NONE, [...begun.slice(0, 1), task('audio', 2, 'running')]).material).toBe(0)
  })

  it('has what makes it playable done first, and the rest when there is something to play', () => {
    const poster = task('poster', 5, 'waiting')
    const due = (...first: Parameters<typeof work>) => deriveState(true, NONE, [...work(...first), poster]).due
    expect(due('waiting', 'waiting', 'waiting', 'waiting')).toEqual(['video 1', 'audio 2'])
    expect(due('done', 'queued', 'waiting', 'waiting')).toEqual([])
    expect(due('done', 'done', 'waiting', 'waiting')).toEqual(['video 3', 'poster 5'])
  })

  it('is playable without its additional audio, and checked when that is there or has failed', () => {
    const other = (state: TaskFacts['state'], written: number) =>
      task('audio', 4, state, { written, cause: state === 'failed' ? CAUSE : null })
    const begun = [...work('done', 'done', 'done', 'waiting').slice(0, 4), task('finalise', 9, 'waiting')]
    const published = { materialPublished: 6, republish: false }
    expect(deriveState(true, NONE, [...begun.slice(0, 3), other('waiting', 0)]).due).toEqual(['audio 4'])
    expect(deriveState(true, NONE, [...begun.slice(0, 1), other('waiting', 0)]).due).toEqual([])
    // It is published when it is complete, so its first segments are nothing new.
    expect(deriveState(true, published, [...begun, other('running', 3)])).toMatchObject({ material: 6, due: [] })
    expect(deriveState(true, published, [...begun, other('done', 3)])).toMatchObject({ material: 10, due: [] })
    const failed = deriveState(true, published, [...begun, other('failed', 0)])
    expect(failed).toMatchObject({ status: 'processing', material: 6, error: null, due: ['finalise 9'] })
  })

  it('is playable when it is published, not when it could be', () => {
    const tasks = work('done', 'done', 'queued', 'waiting')
    expect(deriveState(true, NONE, tasks).playable).toBe(false)
    expect(deriveState(true, { materialPublished: 2, republish: false }, tasks).playable).toBe(true)
  })

  it('is checked when everything is published, and ready when that was right', () => {
    const tasks = work('done', 'done', 'done', 'waiting')
    expect(deriveState(true, { materialPublished: 5, republish: false }, tasks).due).toEqual([])
    expect(deriveState(true, { materialPublished: 6, republish: true }, tasks).due).toEqual([])
    expect(deriveState(true, { materialPublished: 6, republish: false }, tasks)).toMatchObject({
      due: ['finalise 4'],
      stage: 'finalising',
      percent: 97,
    })
    expect(
      deriveState(true, { materialPublished: 6, republish: false }, work('done', 'done', 'done', 'done')),
    ).toMatchObject({
      status: 'ready',
      stage: 'done',
      percent: 100,
    })
  })

  it('waits with the check for the poster', () => {
    const tasks = [...work('done', 'done', 'done', 'waiting'), task('poster', 5, 'running')]
    expect(deriveState(true, { materialPublished: 6, republish: false }, tasks).due).toEqual([])
  })

  it('is checked and ready without a poster that cannot be made', () => {
    const poster = task('poster', 5, 'failed', { cause: CAUSE })
    const checked = deriveState(true, { materialPublished: 6, republish: false }, [
      ...work('done', 'done', 'done', 'waiting'),
      poster,
    ])
    expect(checked).toMatchObject({ due: ['finalise 4'], status: 'processing', error: null })
    expect(deriveState(true, NONE, [...work('done', 'done', 'done', 'done'), poster]).status).toBe('ready')
  })

  it('gets its storyboard when it is ready, and is ready whatever becomes of that', () => {
    const published = { materialPublished: 6, republish: false }
    const withStoryboard = (finalise: TaskFacts['state'], state: TaskFacts['state'], more?: Partial<TaskFacts>) =>
      deriveState(true, published, [
        ...work('done', 'done', 'done', finalise),
        task('storyboard', 5, state, { cause: state === 'failed' ? CAUSE : null, ...more }),
      ])
    expect(withStoryboard('waiting', 'waiting')).toMatchObject({ due: ['finalise 4'] })
    expect(withStoryboard('done', 'waiting')).toMatchObject({ status: 'ready', percent: 100, due: ['storyboard 5'] })
    expect(withStoryboard('done', 'waiting', { delayed: true }).due).toEqual([])
    expect(withStoryboard('done', 'failed')).toMatchObject({ status: 'ready', playable: true, error: null })
  })

  it('waits with the check while that is put off after a failure', () => {
    const tasks = [
      ...work('done', 'done', 'done', 'waiting').slice(0, 4),
      task('finalise', 4, 'waiting', { delayed: true }),
    ]
    expect(deriveState(true, { materialPublished: 6, republish: false }, tasks).due).toEqual([])
  })

  it('is failed and not playable when a task has failed, with the reason', () => {
    const tasks = [task('probe', 0, 'done'), task('video', 1, 'failed', { cause: CAUSE }), task('audio', 2, 'done')]
    expect(deriveState(true, { materialPublished: 2, republish: false }, tasks)).toMatchObject({
      status: 'failed',
      playable: false,
      error: { code: 'CORRUPT', detail: 'The file is broken.' },
    })
  })

  it('counts progress by the size of the tasks', () => {
    const tasks = [
      task('probe', 0, 'done'),
      task('video', 1, 'done', { weight: 1 }),
      task('video', 2, 'running', { weight: 3, fraction: 0.5 }),
    ]
    expect(deriveState(true, NONE, tasks).percent).toBe(61.3)
  })
})
