import { expect, test } from 'vitest'
import type { ApiKeyActor, ProjectRole, SessionActor } from './contract.ts'
import { assertMay, defaultProjectOf, mayAssign, roleAllows, roleIn } from './project-access.ts'

const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const satisfies ProjectRole[]
const session: SessionActor = { kind: 'user', userId: 'ann', sessionId: 's', role: 'user', projects: { sea: 'editor' } }
const { sessionId: _, projects: __, ...account } = session
const key: ApiKeyActor = { ...account, apiKeyId: 'k', project: { id: 'sea', role: 'viewer' } }

test.each([
  ['read', ['viewer', 'editor', 'admin', 'owner']],
  ['edit', ['editor', 'admin', 'owner']],
  ['manage', ['admin', 'owner']],
  ['own', ['owner']],
] as const)('%s is allowed to %j', (action, allowed) => {
  expect(ROLES.filter((role) => roleAllows(role, action))).toEqual(allowed)
  expect(roleAllows(undefined, action)).toBe(false)
})

test('roles are given and taken by admins, up to their own', () => {
  const assignable = (role: ProjectRole) => ROLES.filter((other) => mayAssign(role, other))
  expect(ROLES.map(assignable)).toEqual([[], [], ['viewer', 'editor', 'admin'], [...ROLES]])
  expect(mayAssign(undefined, 'viewer')).toBe(false)
})

test('a person owns the personal project, and has the roles that the gateway has looked up', () => {
  expect(['ann', 'sea', 'lake', 'toString', '__proto__'].map((id) => roleIn(session, id))).toEqual([
    'owner',
    'editor',
    ...[undefined, undefined, undefined],
  ])
  expect(defaultProjectOf(session)).toBe('ann')
})

test('an API key reaches its own project only, not even the personal one of its account', () => {
  expect(['ann', 'sea'].map((id) => roleIn(key, id))).toEqual([undefined, 'viewer'])
  expect(defaultProjectOf(key)).toBe('sea')
})

test('strangers are told that there is nothing, members that their role is too low', () => {
  const refusal = (actor: typeof session | typeof key, id: string) => () =>
    assertMay(actor, id, 'edit', 'VIDEO_NOT_FOUND')
  expect(refusal(session, 'sea')).not.toThrow()
  expect(refusal(session, 'lake')).toThrow(expect.objectContaining({ code: 'VIDEO_NOT_FOUND' }))
  expect(refusal(key, 'sea')).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }))
  const nobody = { kind: 'anonymous' } as const
  expect(() => assertMay(nobody, 'sea', 'read', 'VIDEO_NOT_FOUND')).toThrow(
    expect.objectContaining({ code: 'UNAUTHENTICATED' }),
  )
})
