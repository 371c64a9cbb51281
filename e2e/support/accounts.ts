import { randomBytes } from 'node:crypto'
import type { Tokens } from './api-types.ts'
import type { Client } from './client.ts'

export type Person = { email: string; password: string; tokens: Tokens; client: Client }

/** Registers somebody new; their client is signed in. */
export async function register(anonymous: Client): Promise<Person> {
  const email = `${randomBytes(6).toString('hex')}@example.com`
  const password = randomBytes(12).toString('base64url')
  const tokens = await anonymous.call<Tokens>('POST', '/v1/auth/register', { email, password })
  return { email, password, tokens, client: anonymous.as(tokens.accessToken) }
}

/** Opens one more session of the same account. */
export async function signIn(anonymous: Client, { email, password }: Person): Promise<Person> {
  const tokens = await anonymous.call<Tokens>('POST', '/v1/auth/login', { email, password })
  return { email, password, tokens, client: anonymous.as(tokens.accessToken) }
}

export function refresh(anonymous: Client, refreshToken: string): Promise<Tokens> {
  return anonymous.call('POST', '/v1/auth/refresh', { refreshToken })
}
