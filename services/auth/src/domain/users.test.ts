import { describe, expect, it } from 'vitest'
import { userChanges } from './users.ts'

const now = new Date('2026-01-01T00:00:00Z')
const person = { id: 'ann', role: 'user' as const, disabled_at: null }
const admin = { ...person, role: 'admin' as const }
const byBob = { actorId: 'bob', people: new Set(['ann', 'bob']) }
const byOperator = { actorId: undefined, people: new Set(['ann']) }

describe('userChanges', () => {
  it.each([
    ['an account can be disabled', person, { disabled: true }, ['user_disable']],
    ['and enabled again', { ...person, disabled_at: now }, { disabled: false }, ['user_enable']],
    ['a user can be made an administrator', person, { role: 'admin' as const }, ['user_promote']],
    ['and a user again', admin, { role: 'user' as const }, ['user_demote']],
    ['or one who supports others', person, { role: 'support' as const }, ['user_make_support']],
    ['also from an administrator', admin, { role: 'support' as const }, ['user_make_support']],
    ['both at once', admin, { role: 'user' as const, disabled: true }, ['user_disable', 'user_demote']],
    ['what is so already needs nothing', admin, { role: 'admin' as const, disabled: false }, []],
    ['what nobody mentions stays', admin, {}, []],
  ])('%s', (_name, user, wanted, changes) => {
    expect(userChanges(user, wanted, byBob)).toEqual(changes)
  })

  it.each([{ disabled: true }, { role: 'user' as const }, { role: 'support' as const }])(
    'the last administrator stays one: %j',
    (wanted) => {
      expect(() => userChanges(admin, wanted, byOperator)).toThrow(expect.objectContaining({ code: 'LAST_ADMIN' }))
    },
  )

  it('a disabled administrator is not the last one', () => {
    const user = { ...admin, disabled_at: now }
    expect(userChanges(user, { role: 'user' }, { actorId: 'bob', people: new Set(['bob']) })).toEqual(['user_demote'])
  })

  it('administrators do not disable their own account by accident, but may step back', () => {
    const bySelf = { actorId: 'ann', people: byBob.people }
    expect(() => userChanges(admin, { disabled: true }, bySelf)).toThrow(
      expect.objectContaining({ code: 'OWN_ACCOUNT' }),
    )
    expect(userChanges(admin, { role: 'user' }, bySelf)).toEqual(['user_demote'])
  })
})
