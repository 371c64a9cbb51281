import { createPublicKey } from 'node:crypto'
import { auth as methods, type SignedIn } from '@kinora/common/contracts'
import { createTestEnvironment } from '@kinora/dev/harness'
import jwt from 'jsonwebtoken'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startTestAuth } from './support/start-test-auth.ts'
import { useAuth } from './support/use-auth.ts'

const { world, gateway, query } = await useAuth()

/** Verifies a token as a gateway does, with the published keys only. */
async function verified({ accessToken }: SignedIn): Promise<jwt.Jwt> {
  const { keys } = await gateway.call(methods.getJwks, {})
  const { kid } = jwt.decode(accessToken, { complete: true })?.header ?? {}
  const key = createPublicKey({ key: { ...keys.find((it) => it.kid === kid) }, format: 'jwk' })
  return jwt.verify(accessToken, key, {
    algorithms: ['ES256'],
    issuer: 'https://kinora.test',
    audience: 'kinora-api',
    complete: true,
  })
}

describe('an access token', () => {
  it('can be verified by the published keys and says what RFC 9068 asks for', async () => {
    const { signedIn, actor } = await gateway.signUp()
    const { header, payload } = await verified(signedIn)
    expect(header).toMatchObject({ alg: 'ES256', typ: 'at+jwt', kid: expect.any(String) })
    expect(payload).toEqual({
      iss: 'https://kinora.test',
      aud: 'kinora-api',
      sub: signedIn.user.id,
      sid: actor.sessionId,
      jti: expect.any(String),
      iat: expect.any(Number),
      exp: expect.any(Number),
      auth_time: expect.any(Number),
      amr: ['pwd'],
      role: 'user',
      scope: 'videos:read videos:write playback:write playback-keys:write webhooks:read webhooks:write account:read',
    })
    const { iat, exp } = payload as jwt.JwtPayload
    expect((exp ?? 0) - (iat ?? 0)).toBe(900)
  })

  it('keeps the time of the sign-in through refreshes, under a new id', async () => {
    const { signedIn } = await gateway.signUp()
    const first = (await verified(signedIn)).payload as jwt.JwtPayload
    const next = await gateway.call(methods.refresh, { refreshToken: signedIn.refreshToken })
    const second = (await verified(next)).payload as jwt.JwtPayload
    expect(second.auth_time).toBe(first.auth_time)
    expect(second.jti).not.toBe(first.jti)
  })
})

describe('signing keys', () => {
  it('are published without their private part and named by their RFC 7638 thumbprint', async () => {
    const { keys } = await gateway.call(methods.getJwks, {})
    expect(keys).toHaveLength(2)
    for (const key of keys) expect(Object.keys(key).toSorted()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x', 'y'])
  })

  it('lie encrypted in the database', async () => {
    const [row] = await query<{ encrypted_private_key: Buffer }>('select encrypted_private_key from signing_keys')
    expect(() => createPublicKey({ key: row?.encrypted_private_key ?? '', format: 'der', type: 'spki' })).toThrow()
    const wrongKey = { KEY_ENCRYPTION_KEY: Buffer.alloc(32, 'x').toString('base64') }
    await expect(startTestAuth(world, { config: wrongKey })).rejects.toThrow('KEY_ENCRYPTION_KEY cannot decrypt')
  })

  it('are made once, although several processes start at the same time', async () => {
    const fresh = await createTestEnvironment(world.backing)
    onTestFinished(() => fresh.remove())
    const processes = await Promise.all(Array.from({ length: 4 }, () => startTestAuth(fresh)))
    try {
      expect(new Set(processes.map(({ ctx }) => ctx.keys.current.kid)).size).toBe(1)
      expect(processes.map(({ ctx }) => ctx.keys.document.keys.length)).toEqual([2, 2, 2, 2])
    } finally {
      await Promise.all(processes.map(({ life }) => life.close()))
    }
  })
})
