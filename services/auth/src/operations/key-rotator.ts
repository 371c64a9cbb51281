import { randomUUID } from 'node:crypto'
import type { Call } from '@kinora/common/contract'
import type { Logger } from '@kinora/common/service'
import type { CreateSigningKey, KeyRing } from '../infra/key-ring.ts'
import { ensureStages, isRotationDue, type KeyChange, retire, rotate } from './signing-keys.ts'
import type { Transact } from './transact.ts'

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
