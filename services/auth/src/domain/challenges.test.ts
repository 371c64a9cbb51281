import { describe, expect, it } from 'vitest'
import { CHALLENGE_ATTEMPTS, evaluateChallenge, passwordFingerprint } from './challenges.ts'

const NOW = new Date('2026-05-01T12:00:00Z')
const user = { password_hash: '$2b$old', disabled_at: null, mfa_enabled_at: new Date(0) }
const challenge = {
  attempts: 0,
  expires_at: new Date(NOW.getTime() + 1),
  password_fingerprint: passwordFingerprint(user),
}

describe('a sign-in that waits for its second factor', () => {
  it.each([
    ['goes on', {}, {}, null],
    ['has an end', { expires_at: NOW }, {}, 'MFA_TOKEN_EXPIRED'],
    ['allows one more try than were made', { attempts: CHALLENGE_ATTEMPTS - 1 }, {}, null],
    ['allows no more tries', { attempts: CHALLENGE_ATTEMPTS }, {}, 'MFA_TOKEN_EXHAUSTED'],
    ['ends when the account is disabled', {}, { disabled_at: NOW }, 'ACCOUNT_DISABLED'],
    ['ends with the password', {}, { password_hash: '$2b$new' }, 'MFA_TOKEN_INVALID'],
    ['ends with the second factor', {}, { mfa_enabled_at: null }, 'MFA_TOKEN_INVALID'],
  ])('%s', (_, changedChallenge, changedUser, verdict) => {
    expect(evaluateChallenge({ ...challenge, ...changedChallenge }, { ...user, ...changedUser }, NOW)).toBe(verdict)
  })
})
