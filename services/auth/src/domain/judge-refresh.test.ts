import { describe, expect, it } from 'vitest'
import { judgeRefresh } from './judge-refresh.ts'

const now = new Date('2026-01-01T00:00:00Z')
const later = new Date('2026-01-02T00:00:00Z')
const live = { refresh_counter: 5, expires_at: later, ended_at: null, end_reason: null }
const ended = { ...live, ended_at: now, end_reason: 'logout' as const }
const active = { disabled_at: null }

describe('judgeRefresh', () => {
  it.each([
    ['the newest token makes a new one', live, 5, active, 'rotate'],
    ['its parent gets the same successor again', live, 4, active, 'repeat'],
    ['its grandparent comes from a copy', live, 3, active, 'REFRESH_REUSED'],
    ['the very first token does, too', live, 0, active, 'REFRESH_REUSED'],
    ['a copy is a copy on a disabled account as well', live, 3, { disabled_at: now }, 'REFRESH_REUSED'],
    ['a token from after a restored backup is merely unknown', live, 6, active, 'REFRESH_INVALID'],
    ['an ended session was revoked', ended, 5, active, 'SESSION_REVOKED'],
    ['an old token does not make an ended session look copied', ended, 1, active, 'SESSION_REVOKED'],
    [
      'a session that reuse has ended says so',
      { ...ended, end_reason: 'refresh_reused' as const },
      5,
      active,
      'REFRESH_REUSED',
    ],
    ['the last moment is too late', { ...live, expires_at: now }, 5, active, 'REFRESH_EXPIRED'],
    ['a disabled account gets nothing', live, 5, { disabled_at: now }, 'ACCOUNT_DISABLED'],
  ])('%s', (_name, session, counter, user, verdict) => {
    expect(judgeRefresh(session, counter, user, now)).toBe(verdict)
  })
})
