import { randomBytes, randomUUID } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { createRefreshToken, isGenuine, parseRefreshToken, type RefreshToken } from './refresh-token.ts'

const secret = randomBytes(32)
const session = { id: randomUUID(), refresh_salt: randomBytes(16) }

describe('a refresh token', () => {
  it('is the same however often it is created, and says which session and counter it belongs to', () => {
    const token = createRefreshToken(secret, session, 70_000)
    expect(createRefreshToken(secret, session, 70_000)).toBe(token)
    expect(parseRefreshToken(token)).toMatchObject({ sessionId: session.id, counter: 70_000 })
    expect(token).toMatch(/^[A-Za-z0-9_-]{71}$/)
  })

  it('is genuine under its own secret, session, salt and counter only', () => {
    const token = parse(createRefreshToken(secret, session, 3))
    expect(isGenuine(secret, session, token)).toBe(true)
    expect(isGenuine(randomBytes(32), session, token)).toBe(false)
    expect(isGenuine(secret, { ...session, id: randomUUID() }, token)).toBe(false)
    expect(isGenuine(secret, { ...session, refresh_salt: randomBytes(16) }, token)).toBe(false)
    expect(isGenuine(secret, session, { ...token, counter: 4 })).toBe(false)
  })

  it.each([
    '',
    'AQ',
    'not a token',
    '=',
    `${createRefreshToken(secret, session, 1)}=`,
    'A'.repeat(71),
    'A'.repeat(5000),
  ])('cannot be %j', (text) => {
    expect(parseRefreshToken(text)).toBeNull()
  })
})

function parse(text: string): RefreshToken {
  const token = parseRefreshToken(text)
  if (!token) throw new Error('not a token')
  return token
}
