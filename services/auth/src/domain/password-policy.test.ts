import { describe, expect, it } from 'vitest'
import { COMMON_PASSWORDS, passwordProblem } from './password-policy.ts'

const owner = { email: 'ann.lovelace@difference-engine.org', displayName: 'Ann Lovelace' }

describe('passwordProblem', () => {
  it.each([
    'correct horse battery staple',
    'tr0ub4dor&3x',
    '忘れないでください今日',
    'lovelace-and-four-more',
    'dragon-48213377',
    '        a b c d',
  ])('accepts %j: nothing has to be composed of anything', (password) => {
    expect(passwordProblem(password, owner, 8)).toBeNull()
  })

  it.each([
    ['short', 'at least'],
    ['password', 'most common'],
    ['PassWord123', 'most common'],
    ['ｐａｓｓｗｏｒｄ', 'most common'],
    ['Summer2031!', 'most common'],
    ['P@ssw0rd-77', 'most common'],
    ['**dragon99', 'most common'],
    ['aaaaaaaaaa', 'different characters'],
    ['abababababab', 'different characters'],
    ['ann.lovelace', 'your name'],
    ['Lovelace+Ann', 'your name'],
    ['annlovelaceann', 'your name'],
    ['difference-engine.org', 'your name'],
    ['xkinora12', 'your name'],
  ])('refuses %j: %s', (password, why) => {
    expect(passwordProblem(password, owner, 8)).toContain(why)
  })

  it('counts characters, not UTF-16 units', () => {
    expect(passwordProblem('🐙🦑🦐🦞🦀🐡🐠', { email: 'a@b.org', displayName: null }, 8)).toContain('at least 8')
  })

  it('obeys a longer minimum', () => {
    expect(passwordProblem('tr0ub4dor&3x', owner, 16)).toContain('at least 16')
  })

  it('knows at least the 3000 commonest of eight characters and more, which OWASP ASVS 5.0 asks for', () => {
    const long = [...COMMON_PASSWORDS].filter((password) => password.length >= 8)
    expect(long.length).toBeGreaterThan(3000)
    for (const password of long) expect(passwordProblem(password, owner, 8)).not.toBeNull()
  })
})
