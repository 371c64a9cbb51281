import type { TaskWork } from '@kinora/common/contracts'
import { expect, test } from 'vitest'
import { standingOf } from './standing.ts'

const audio = (firstSegment: number) => ({ kind: 'audio', firstSegment }) as TaskWork
const video = (firstSegment: number) => ({ kind: 'video', chunk: { firstSegment } }) as TaskWork
const probe = { kind: 'probe' } as TaskWork
const poster = { kind: 'poster' } as TaskWork

test('what makes a video playable is urgent', () => {
  expect([probe, audio(0), video(0)].map((work) => standingOf(work, 'short'))).toEqual(['urgent', 'urgent', 'urgent'])
})

test('the rest of a task is not urgent, because its first segments can be seen already', () => {
  expect([audio(3), video(3)].map((work) => standingOf(work, 'short'))).toEqual(['neutral', 'neutral'])
})

test('a poster does not stand still while it holds a place in the short queue; long work does', () => {
  expect(standingOf(poster, 'short')).toBe('neutral')
  expect(standingOf(video(0), 'long')).toBe('yields')
})
