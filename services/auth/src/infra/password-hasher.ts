import { createHmac } from 'node:crypto'
import bcrypt from 'bcrypt'
import type { Counter } from 'prom-client'
import type { HashGate } from './hash-gate.ts'

export interface PasswordHasher {
  hash(password: string, signal?: AbortSignal): Promise<string>
  /**
   * Without a `stored` hash it takes as long and returns false, so that the time does not reveal whether an account
   * exists.
   */
  verify(password: string, stored: string | null, signal?: AbortSignal): Promise<boolean>
  /** A hash that matches no password. */
  readonly unusable: string
  /** True for a hash with another cost than the configured one. */
  isOutdated(stored: string): boolean
}

export interface PasswordHasherOptions {
  pepper: Buffer
  cost: number
  gate: HashGate
  computed: Counter
}

export async function createPasswordHasher({
  pepper,
  cost,
  gate,
  computed,
}: PasswordHasherOptions): Promise<PasswordHasher> {
  // bcrypt does all its work before it compares the last 31 characters, the result; no password has this result.
  const unusable = (await bcrypt.genSalt(cost)) + '.'.repeat(31)

  async function compute<T>(work: () => Promise<T>, signal: AbortSignal | undefined): Promise<T> {
    return await gate.run(() => {
      computed.inc()
      return work()
    }, signal)
  }

  return {
    hash: (password, signal) => compute(() => bcrypt.hash(prepare(password, pepper), cost), signal),
    async verify(password, stored, signal) {
      const matches = await compute(() => bcrypt.compare(prepare(password, pepper), stored ?? unusable), signal)
      return stored !== null && matches
    },
    unusable,
    isOutdated: (stored) => bcrypt.getRounds(stored) !== cost,
  }
}

/**
 * 64 characters for a password of any length, because bcrypt ignores everything after byte 72 and stops at a zero byte. NFKC,
 * because keyboards send an accented letter as one code point or as two (NIST SP 800-63B section 5.1.1.2).
 */
function prepare(password: string, pepper: Buffer): string {
  return createHmac('sha384', pepper).update(password.normalize('NFKC')).digest('base64')
}
