import { createHash } from 'node:crypto'
import { normaliseEmail } from '@kinora/common/contracts'
import { addressKey } from '../http/client-address.ts'
import { sessionPart } from '../identity/tokens.ts'

/** Requests per window of so many seconds. */
export interface Allowance {
  points: number
  seconds: number
}

/** Each has its own allowance and its own counters. */
export const RULES = [
  'register',
  'login',
  'account',
  'refresh',
  'session',
  'password',
  'password-user',
  'mfa',
  'challenge',
  'export',
  'mail',
  'mailbox',
  'mail-token',
  'anonymous',
  'user',
  'api-key',
  'api-key-own',
  'key-lookup',
  'upload',
  'playback',
] as const
export type Rule = (typeof RULES)[number]
export type Allowances = Record<Rule, Allowance>

/** Requests a minute that a key may be given for itself; the key's own number takes the place of this one. */
export const API_KEY_OWN: Allowance = { points: 1_000_000, seconds: 60 }

/** What a route row names. */
export type Policy =
  | 'register'
  | 'login'
  | 'refresh'
  | 'password'
  | 'mail'
  | 'mail-token'
  | 'mfa'
  | 'export'
  | 'general'
  | 'upload'
  | 'playback'
  | 'none'

export interface RateLimitKey {
  rule: Rule
  key: string
  /** Of this key, where they are fewer than the rule's. */
  points?: number
}

export interface RateLimitSubject {
  address: string
  userId: string | null
  /** The API key that was used. */
  apiKey?: { id: string; ratePerMinute: number | null } | undefined
}

/** What is counted for a request before its body is read. */
export function countedByCaller(policy: Policy, { address, userId, apiKey }: RateLimitSubject): RateLimitKey[] {
  const byAddress = () => addressKey(address)
  switch (policy) {
    case 'none':
      return []
    case 'register':
    case 'login':
    case 'refresh':
    case 'mail':
    case 'mail-token':
    case 'playback':
      return [{ rule: policy, key: byAddress() }]
    case 'password':
      return [
        { rule: policy, key: byAddress() },
        ...(userId === null ? [] : [{ rule: 'password-user', key: userId } as const]),
      ]
    case 'export':
    case 'mfa':
      // Signed in, it is the password of one account that could be guessed, from many addresses.
      return [{ rule: policy, key: userId ?? byAddress() }]
    case 'upload':
    case 'general':
      if (userId === null) return [{ rule: 'anonymous', key: byAddress() }]
      if (apiKey) return countedByKey(policy, apiKey)
      return [{ rule: policy === 'upload' ? 'upload' : 'user', key: userId }]
  }
}

/** A program in trouble must not use up what its owner and the owner's other programs are allowed. */
function countedByKey(
  policy: 'upload' | 'general',
  { id, ratePerMinute }: NonNullable<RateLimitSubject['apiKey']>,
): RateLimitKey[] {
  const counted: RateLimitKey[] = [{ rule: policy === 'upload' ? 'upload' : 'api-key', key: id }]
  if (ratePerMinute !== null) counted.push({ rule: 'api-key-own', key: id, points: ratePerMinute })
  return counted
}

/** What is counted besides, once it is known whose account or session the request is about. */
export function countedByInput(policy: Policy, input: Record<string, unknown>): RateLimitKey | null {
  // Registering sends a mail, too.
  const namesMailbox = policy === 'login' || policy === 'mail' || policy === 'register'
  if (namesMailbox && typeof input.email === 'string') {
    return { rule: policy === 'login' ? 'account' : 'mailbox', key: digest(normaliseEmail(input.email)) }
  }
  if (policy === 'refresh' && typeof input.refreshToken === 'string') {
    return { rule: 'session', key: digest(sessionPart(input.refreshToken)) }
  }
  if (policy === 'mfa' && typeof input.mfaToken === 'string') {
    return { rule: 'challenge', key: digest(input.mfaToken) }
  }
  return null
}

/** Neither addresses nor tokens belong into Redis as they are. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}
