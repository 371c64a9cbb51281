import type { RevocationReason } from '@kinora/common/contracts'
import { describe, expect, it } from 'vitest'
import { evaluateRefresh } from './refresh-token.ts'

const now = new Date('2026-01-01T00:00:00Z')
const later = new Date('2026-01-02T00:00:00Z')
const live = { refresh_counter: 5, transport: 'body' as const, expires_at: later, end_reason: null }
const endedBy = (reason: RevocationReason) => ({ ...live, end_reason: reason })
const ended = endedBy('logout')
const active = { disabled_at: null }

describe('evaluateRefresh', () => {
  it.each([
    ['the newest token makes a new one', live, 5, active, 'rotate'],
    ['its parent gets the same successor again', live, 4, active, 'repeat'],
    ['its grandparent comes from a copy', live, 3, active, 'REFRESH_REUSED'],
    ['the very first token does, too', live, 0, active, 'REFRESH_REUSED'],
    ['a copy is a copy on a disabled account as well', live, 3, { disabled_at: now }, 'REFRESH_REUSED'],
    ['a token from after a restored backup is merely unknown', live, 6, active, 'REFRESH_INVALID'],
    ['an ended session was revoked', ended, 5, active, 'SESSION_REVOKED'],
    ['an old token does not make an ended session look copied', ended, 1, active, 'SESSION_REVOKED'],
    ['a session that reuse has ended says so', endedBy('refresh_reused'), 5, active, 'REFRESH_REUSED'],
    ['one that a new password has ended says so', endedBy('password_changed'), 5, active, 'PASSWORD_CHANGED'],
    ['so does one that a reset has ended', endedBy('password_reset'), 5, active, 'PASSWORD_CHANGED'],
    ['and one whose account was disabled for a while', endedBy('account_disabled'), 5, active, 'ACCOUNT_DISABLED'],
    ['the last moment is too late', { ...live, expires_at: now }, 5, active, 'REFRESH_EXPIRED'],
    ['a disabled account gets nothing', live, 5, { disabled_at: now }, 'ACCOUNT_DISABLED'],
  ])('%s', (_name, session, counter, user, verdict) => {
    const judged = evaluateRefresh(session, { counter, transport: 'body' }, user, now)
    expect(typeof judged === 'string' ? judged : judged.code).toBe(verdict)
  })

  it("a token that comes another way than its session's is refused before anything else is looked at", () => {
    for (const session of [live, ended]) {
      for (const counter of [5, 0]) {
        const judged = evaluateRefresh(session, { counter, transport: 'cookie' }, active, now)
        expect(judged).toMatchObject({ code: 'REFRESH_TRANSPORT_MISMATCH' })
      }
    }
  })
})
