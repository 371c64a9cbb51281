import { describe, expect, it } from 'vitest'
import { type AccountRole, type Actor, administratorOnly, serviceOnly, supportOnly } from './contract.ts'

const anonymous: Actor = { kind: 'anonymous' }
const person = (role: AccountRole): Actor => ({ kind: 'user', userId: 'u', sessionId: 's', role })
const service = (name: string): Actor => ({ kind: 'service', name })

/** `allowed`, or the code of the refusal. */
function outcomeOf(check: () => void): string {
  try {
    check()
    return 'allowed'
  } catch (error) {
    return (error as { code: string }).code
  }
}

describe('serviceOnly', () => {
  it.each([
    [service('gateway'), 'allowed'],
    [service('worker'), 'FORBIDDEN'],
    [person('admin'), 'FORBIDDEN'],
    [anonymous, 'FORBIDDEN'],
  ])('%j is %s', (actor, outcome) => {
    expect(outcomeOf(() => serviceOnly(actor, 'gateway', 'auth'))).toBe(outcome)
  })
})

describe('administratorOnly', () => {
  it.each([
    [person('admin'), 'allowed'],
    [service('operator'), 'allowed'],
    [person('user'), 'FORBIDDEN'],
    [person('support'), 'FORBIDDEN'],
    [service('gateway'), 'FORBIDDEN'],
    [anonymous, 'UNAUTHENTICATED'],
  ])('%j is %s', (actor, outcome) => {
    expect(outcomeOf(() => administratorOnly(actor))).toBe(outcome)
  })
})

describe('supportOnly', () => {
  it.each([
    [person('support'), 'allowed'],
    [person('admin'), 'allowed'],
    [service('operator'), 'allowed'],
    [person('user'), 'FORBIDDEN'],
    [service('worker'), 'FORBIDDEN'],
    [anonymous, 'UNAUTHENTICATED'],
  ])('%j is %s', (actor, outcome) => {
    expect(outcomeOf(() => supportOnly(actor))).toBe(outcome)
  })
})
