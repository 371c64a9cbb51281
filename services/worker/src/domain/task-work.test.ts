import type { TaskWork } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { isUrgent } from './task-work.ts'

const audio = (firstSegment: number) => ({ kind: 'audio', firstSegment }) as TaskWork
const video = (start: number, rungs: number[], copied?: true) =>
  ({
    kind: 'video',
    chunk: { firstSegment: start },
    rungs: rungs.map((firstSegment) => ({ firstSegment })),
    ...(copied && { copied }),
  }) as TaskWork

test('what makes a video playable is urgent', () => {
  const works = [{ kind: 'probe' } as TaskWork, audio(0), video(0, [0])]
  expect(works.map(isUrgent)).toEqual([true, true, true])
})

test('nothing else is: the rest of a task, segments after the first ones of another task, a remux, a poster', () => {
  const rest = [audio(3), video(3, [0])]
  const works = [...rest, video(0, [2, 0, 0]), video(0, [0], true), { kind: 'poster' } as TaskWork]
  expect(works.map(isUrgent)).toEqual(works.map(() => false))
})
