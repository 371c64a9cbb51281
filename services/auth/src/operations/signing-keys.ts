import { AppError } from '@kinora/common/errors'
import { CLOCK_SKEW_MS, MAX_ACCESS_TOKEN_SECONDS } from '../config.ts'
import type { SigningKeyRow } from '../db/schema.ts'
import { type CreateSigningKey, RING_MAX_AGE_MS } from '../infra/key-ring.ts'
import type { Work } from './transact.ts'

/**
 * The minimum time for which a key is published before it signs: gateways fetch the keys every minute, and caches of
 * `/.well-known/jwks.json` may keep them for a minute.
 */
const PUBLISHED_AHEAD_MS = 150_000

/** One change of the signing keys, in a transaction that holds the lock `signing-keys`. */
export interface KeyChange {
  work: Work
  createKey: CreateSigningKey
  now: Date
}

/** Ensures a current key and a next one: without a current key the next becomes current; missing ones are created. */
export async function ensureStages({ work, createKey, now }: KeyChange): Promise<void> {
  const rows = await work.signingKeys.all()
  const next = rows.find((row) => row.stage === 'next')
  if (rows.some((row) => row.stage === 'current')) {
    if (!next) await work.signingKeys.insert(createKey('next', now))
    return
  }
  if (next) await work.signingKeys.update(next.kid, { stage: 'current', current_since: now })
  else await work.signingKeys.insert(createKey('current', now))
  await work.signingKeys.insert(createKey('next', now))
}

/**
 * Makes the next key current and the current one previous, and erases the latter's private key. Throws `KEY_TOO_NEW`
 * when gateways may not know the next key yet.
 */
export async function rotate(change: KeyChange): Promise<void> {
  const { work, now } = change
  const rows = await work.signingKeys.all()
  const waitMs = untilNextIsKnown(rows, now)
  if (waitMs > 0) throw new AppError('KEY_TOO_NEW', { retryAfterMs: waitMs })
  const current = rows.find((row) => row.stage === 'current')
  if (current) {
    const expires_at = lastTokenExpiry(now)
    await work.signingKeys.update(current.kid, { stage: 'previous', encrypted_private_key: null, expires_at })
  }
  await ensureStages(change)
  await work.addKeysChanged()
}

/** Retires a key at any stage. False when it was already retired; throws `KEY_NOT_FOUND`. */
export async function retire(change: KeyChange, kid: string, reason: string): Promise<boolean> {
  const { work, now } = change
  const key = (await work.signingKeys.all()).find((row) => row.kid === kid)
  if (!key) throw new AppError('KEY_NOT_FOUND')
  if (key.stage === 'retired') return false
  await work.signingKeys.update(kid, {
    stage: 'retired',
    encrypted_private_key: null,
    expires_at: lastTokenExpiry(now),
    retired_at: now,
    retire_reason: reason,
  })
  await ensureStages(change)
  await work.addKeysChanged()
  return true
}

export function isRotationDue(rows: readonly SigningKeyRow[], rotationMs: number, now: Date): boolean {
  const since = rows.find((row) => row.stage === 'current')?.current_since
  return since != null && now.getTime() - since.getTime() >= rotationMs && untilNextIsKnown(rows, now) === 0
}

/** Milliseconds until all gateways know the next key; 0 if they do. */
function untilNextIsKnown(rows: readonly SigningKeyRow[], now: Date): number {
  const next = rows.find((row) => row.stage === 'next')
  return next ? Math.max(0, next.created_at.getTime() + PUBLISHED_AHEAD_MS - now.getTime()) : 0
}

/**
 * The time by which all access tokens signed so far have expired, including those of a process that has not read the
 * change yet.
 */
function lastTokenExpiry(now: Date): Date {
  return new Date(now.getTime() + RING_MAX_AGE_MS + MAX_ACCESS_TOKEN_SECONDS * 1000 + CLOCK_SKEW_MS)
}
