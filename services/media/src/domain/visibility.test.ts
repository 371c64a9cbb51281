import { randomUUID } from 'node:crypto'
import type { Actor } from '@kinora/common/contract'
import { expect, test } from 'vitest'
import { assertMayWith, maySee } from './visibility.ts'

const owner: Actor = { kind: 'user', userId: randomUUID(), sessionId: randomUUID(), role: 'user' }
const other: Actor = { ...owner, userId: randomUUID() }
const nobody: Actor = { kind: 'anonymous' }

test('a private video is seen in its project alone, others by all who know the id', () => {
  const see = (visibility: 'private' | 'unlisted' | 'public') =>
    [owner, other, nobody].map((actor) => maySee(actor, { project_id: owner.userId, visibility }))
  expect(see('private')).toEqual([true, false, false])
  expect(see('unlisted')).toEqual([true, true, true])
  expect(see('public')).toEqual([true, true, true])
})

test('who may not change a video learns that it exists only where he may see it', () => {
  const denial = (visibility: 'private' | 'public') => () =>
    assertMayWith({ project_id: owner.userId, visibility }, other, 'edit')
  expect(denial('private')).toThrow(expect.objectContaining({ code: 'VIDEO_NOT_FOUND' }))
  expect(denial('public')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
})
