import { createHash } from 'node:crypto'
import { auth, normaliseEmail } from '@kinora/common/contracts'
import type { Request } from 'express'
import { deviceCookie } from '../browser-session/session-cookies.ts'
import { addressKey } from '../http/client-address.ts'
import { sessionPart } from '../identity/tokens.ts'
import { gatewayCall, type Rpc } from '../rpc.ts'

/** `points` requests, or bytes, per window of `seconds`. */
export interface Allowance {
  points: number
  seconds: number
}

/** Rules; each has its own allowance and counters. */
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
  'api-keys',
  'key-lookup',
  'upload',
  'captions',
  'key-uploads',
  'playback',
  'still',
  'playback-bytes',
  'download-bytes',
] as const
export type Rule = (typeof RULES)[number]
export type Allowances = Record<Rule, Allowance>

/** Upper bound of an API key's own allowance. The key's own number of requests a minute replaces it. */
export const API_KEY_OWN: Allowance = { points: 1_000_000, seconds: 60 }

/** What all API keys of an account may do together, in allowances of one: a faulty program leaves as much to the others. */
export const KEYS_PER_ALLOWANCE = 2

/** Policies that routes name. A policy counts by one or more rules. */
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
  | 'upload-link'
  | 'captions'
  | 'playback'
  | 'none'

/** A counter: requests by this key under this rule. */
export interface RateLimitKey {
  rule: Rule
  key: string
  /** Requests per window for this key, if fewer than the rule allows. */
  points?: number
}

/** The caller that a request is counted for; `userId` is null for anonymous callers. */
export interface RateLimitSubject {
  address: string
  userId: string | null
  /** The API key of the request, with its own limit a minute. */
  apiKey?: { id: string; ratePerMinute: number | null } | undefined
}

/** The counters of a request that are known before its body is read. */
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
    case 'upload-link':
      // The link is counted as well, once it is known.
      return [{ rule: 'upload', key: byAddress() }]
    case 'password':
      return [
        { rule: policy, key: byAddress() },
        ...(userId === null ? [] : [{ rule: 'password-user', key: userId } as const]),
      ]
    case 'export':
    case 'mfa':
      // By user if signed in, because the password of one account could be guessed from many addresses.
      return [{ rule: policy, key: userId ?? byAddress() }]
    case 'captions':
      // By user also with an API key: the work is one account's, however many keys it has.
      return [
        ...countedByCaller('general', { address, userId, apiKey }),
        ...(userId === null ? [] : [{ rule: policy, key: userId } as const]),
      ]
    case 'upload':
    case 'general':
      if (userId === null) return [{ rule: 'anonymous', key: byAddress() }]
      if (apiKey) return countedByKey(policy, apiKey, userId)
      return [{ rule: policy === 'upload' ? 'upload' : 'user', key: userId }]
  }
}

/**
 * Keys have own counters, so that a faulty program does not use up the allowance of its owner or the owner's other
 * programs. All keys of an account have one more counter together, so that a new key is no new allowance. It is counted
 * last: what a key is refused for takes nothing from the others.
 */
function countedByKey(
  policy: 'upload' | 'general',
  { id, ratePerMinute }: NonNullable<RateLimitSubject['apiKey']>,
  userId: string,
): RateLimitKey[] {
  const isUpload = policy === 'upload'
  return [
    { rule: isUpload ? 'upload' : 'api-key', key: id },
    ...(ratePerMinute === null ? [] : [{ rule: 'api-key-own', key: id, points: ratePerMinute } as const]),
    { rule: isUpload ? 'key-uploads' : 'api-keys', key: userId },
  ]
}

/** A field of an input by which a request is counted besides its caller. */
export type CountedField = 'email' | 'refreshToken' | 'mfaToken'

/** What is counted besides the caller, once it is known whose account or session the request is about. */
export function countedByInput(
  policy: Policy,
  field: CountedField,
  input: Record<string, unknown>,
): RateLimitKey | null {
  const value = input[field]
  if (typeof value !== 'string') return null
  switch (field) {
    case 'email':
      // Every route but the sign-in sends a mail to this address.
      return { rule: policy === 'login' ? 'account' : 'mailbox', key: digest(normaliseEmail(value)) }
    case 'refreshToken':
      return { rule: 'session', key: digest(sessionPart(value)) }
    case 'mfaToken':
      return { rule: 'challenge', key: digest(value) }
  }
}

/** A hash, so that no mail addresses or tokens are stored in Redis. */
function digest(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22)
}

/**
 * A client that has signed in to the same account before gets its own counter, with the same allowance, so that wrong
 * passwords from elsewhere do not lock the owner out. A device token that is forged or belongs to another account is ignored,
 * and so are all while auth is unavailable.
 */
export async function countedByDevice(
  rpc: Rpc,
  req: Request,
  { email, deviceToken: sent }: Record<string, unknown>,
  counter: RateLimitKey,
): Promise<RateLimitKey> {
  const deviceToken = sent ?? deviceCookie(req)
  if (counter.rule !== 'account' || typeof email !== 'string' || typeof deviceToken !== 'string') return counter
  const asked = rpc(auth.resolveDevice, { email, deviceToken }, gatewayCall())
  const { deviceId } = await asked.catch(() => ({ deviceId: null }))
  return deviceId === null ? counter : { ...counter, key: `${counter.key}:${deviceId}` }
}
