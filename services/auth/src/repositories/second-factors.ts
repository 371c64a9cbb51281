import type { Kysely } from 'kysely'
import type { AuthDb } from '../db/schema.ts'

export interface NewTotpSetup {
  userId: string
  encryptedSecret: Buffer
  expiresAt: Date
}

/** The value before the first code: any time step is later. */
const NO_STEP = '-1'

export function totpFactorRepository(db: Kysely<AuthDb>) {
  return {
    /** Stores a setup and replaces an earlier one; false when a factor is already enabled. */
    async setUp({ userId, encryptedSecret, expiresAt }: NewTotpSetup): Promise<boolean> {
      const setup = { encrypted_secret: encryptedSecret, last_step: NO_STEP, setup_expires_at: expiresAt }
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('totp_factors')
        .values({ user_id: userId, ...setup })
        .onConflict((conflict) =>
          conflict.column('user_id').doUpdateSet(setup).where('totp_factors.setup_expires_at', 'is not', null),
        )
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    /** The secret of a setup that has not expired. */
    async pendingSecret(userId: string, now: Date): Promise<Buffer | undefined> {
      const query = db
        .selectFrom('totp_factors')
        .select('encrypted_secret')
        .where('user_id', '=', userId)
        .where('setup_expires_at', '>', now)
      return (await query.executeTakeFirst())?.encrypted_secret
    },

    async enabledSecret(userId: string): Promise<Buffer | undefined> {
      const query = db
        .selectFrom('totp_factors')
        .select('encrypted_secret')
        .where('user_id', '=', userId)
        .where('setup_expires_at', 'is', null)
      return (await query.executeTakeFirst())?.encrypted_secret
    },

    /**
     * Enables the factor after the code of `step` has proved the setup, and marks that code as used. False when there
     * is no setup any more.
     */
    async enable(userId: string, step: number): Promise<boolean> {
      const enabled = { setup_expires_at: null, last_step: String(step) }
      const query = db.updateTable('totp_factors').set(enabled).where('user_id', '=', userId)
      return (await query.executeTakeFirstOrThrow()).numUpdatedRows === 1n
    },

    /** Marks the code of `step` and all earlier ones as used; only one of several concurrent callers gets true. */
    async advance(userId: string, step: number): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('totp_factors')
        .set({ last_step: String(step) })
        .where('user_id', '=', userId)
        .where('setup_expires_at', 'is', null)
        .where('last_step', '<', String(step))
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async delete(userId: string): Promise<void> {
      await db.deleteFrom('totp_factors').where('user_id', '=', userId).execute()
    },

    async deleteExpiredSetups(before: Date, limit: number): Promise<number> {
      const expired = db
        .selectFrom('totp_factors')
        .select('user_id')
        .where('setup_expires_at', '<', before)
        .limit(limit)
      const query = db.deleteFrom('totp_factors').where('user_id', 'in', expired).where('setup_expires_at', '<', before)
      return Number((await query.executeTakeFirstOrThrow()).numDeletedRows)
    },
  }
}

export function recoveryCodeRepository(db: Kysely<AuthDb>) {
  return {
    async replace(userId: string, hashes: Buffer[]): Promise<void> {
      await this.delete(userId)
      const rows = hashes.map((code_hash) => ({ user_id: userId, code_hash, used_at: null }))
      await db.insertInto('recovery_codes').values(rows).execute()
    },

    /** Uses a code; only one of several concurrent callers gets true. */
    async use(userId: string, hash: Buffer, now: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('recovery_codes')
        .set({ used_at: now })
        .where('user_id', '=', userId)
        .where('code_hash', '=', hash)
        .where('used_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async hasUnused(userId: string): Promise<boolean> {
      const query = db
        .selectFrom('recovery_codes')
        .select('user_id')
        .where('user_id', '=', userId)
        .where('used_at', 'is', null)
        .limit(1)
      return (await query.executeTakeFirst()) !== undefined
    },

    async delete(userId: string): Promise<void> {
      await db.deleteFrom('recovery_codes').where('user_id', '=', userId).execute()
    },
  }
}
