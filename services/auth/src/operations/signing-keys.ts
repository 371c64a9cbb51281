import { randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Logger } from '@kinora/common/service'
import { CLOCK_SKEW_MS, MAX_ACCESS_TOKEN_SECONDS } from '../config.ts'
import type { SigningKeyRow } from '../db/schema.ts'
import { type CreateSigningKey, type KeyRing, RING_MAX_AGE_MS } from '../infra/key-ring.ts'
import type { Transact, Work } from './transact.ts'

export interface KeyRotatorOptions {
  ring: KeyRing
  createKey: CreateSigningKey
  transact: Transact
  rotationMs: number
  logger: Logger
  now: () => Date
}

/** Changes the signing keys, one process at a time; the other processes read the change within two seconds. */
export class KeyRotator {
  readonly #options: KeyRotatorOptions

  constructor(options: KeyRotatorOptions) {
    this.#options = options
  }

  /** Creates the first keys; processes that start at the same time use the same keys. */
  async initialise(): Promise<void> {
    await this.#commit(null, ensureStages)
    await this.#options.ring.read()
  }

  /** Reads the keys again, and rotates them when rotation is due. */
  async rotateIfDue(): Promise<void> {
    const { ring, rotationMs, now } = this.#options
    if (!isRotationDue(await ring.read(), rotationMs, now())) return
    await this.#change(null, async (change) => {
      // Another process may have rotated them while this one waited for the lock.
      if (!isRotationDue(await change.work.signingKeys.all(), rotationMs, change.now)) return
      await this.#rotate(change, { actor: { kind: 'service', name: 'auth' }, requestId: randomUUID(), timeoutMs: 0 })
    })
  }

  /** Throws `KEY_TOO_NEW`. */
  async rotate(call: Call): Promise<void> {
    await this.#change(call, (change) => this.#rotate(change, call))
  }

  /** Throws `KEY_NOT_FOUND`. */
  async retire(call: Call, kid: string, reason: string): Promise<void> {
    await this.#change(call, async (change) => {
      if (!(await retire(change, kid, reason))) return
      await change.work.audit.record(call, { action: 'key_retire', userId: null }, change.now)
      this.#options.logger.warn({ kid, reason, requestId: call.requestId }, 'signing key retired')
    })
  }

  async #rotate(change: KeyChange, call: Call): Promise<void> {
    await rotate(change)
    await change.work.audit.record(call, { action: 'key_rotate', userId: null }, change.now)
    this.#options.logger.info({ requestId: call.requestId }, 'signing keys rotated')
  }

  async #change(call: Call | null, body: (change: KeyChange) => Promise<void>): Promise<void> {
    await this.#commit(call, body)
    const { ring, logger } = this.#options
    // The change is committed; the ring is read again in a second anyway.
    await ring.read().catch((error: unknown) => logger.warn({ err: error }, 'could not read the signing keys'))
  }

  async #commit(call: Call | null, body: (change: KeyChange) => Promise<void>): Promise<void> {
    const { createKey, transact, now } = this.#options
    await transact(call, async (work) => {
      await work.lock('signing-keys')
      await body({ work, createKey, now: now() })
    })
  }
}

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
async function ensureStages({ work, createKey, now }: KeyChange): Promise<void> {
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
async function rotate(change: KeyChange): Promise<void> {
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
async function retire(change: KeyChange, kid: string, reason: string): Promise<boolean> {
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

function isRotationDue(rows: readonly SigningKeyRow[], rotationMs: number, now: Date): boolean {
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
