import { type NewestFirst, newestFirst } from '@kinora/common/db'
import { type Kysely, sql } from 'kysely'
import type { AuthDb, UserRow } from '../db/schema.ts'
import type { UserChange, UserOverview } from '../domain/users.ts'

const CHANGES: Record<UserChange, (now: Date) => Partial<Pick<UserRow, 'role' | 'disabled_at'>>> = {
  user_disable: (now) => ({ disabled_at: now }),
  user_enable: () => ({ disabled_at: null }),
  user_promote: () => ({ role: 'admin' }),
  user_make_support: () => ({ role: 'support' }),
  user_demote: () => ({ role: 'user' }),
}

export function userRepository(db: Kysely<AuthDb>) {
  return {
    /** False when the address already has an account; the unique index decides between two at once. */
    async insert(user: UserRow): Promise<boolean> {
      const { numInsertedOrUpdatedRows } = await db
        .insertInto('users')
        .values(user)
        .onConflict((conflict) => conflict.expression(sql`lower(email)`).doNothing())
        .executeTakeFirstOrThrow()
      return numInsertedOrUpdatedRows === 1n
    },

    async byEmail(email: string): Promise<UserRow | undefined> {
      return await db.selectFrom('users').selectAll().where(sql`lower(email)`, '=', email).executeTakeFirst()
    },

    async byId(id: string): Promise<UserRow | undefined> {
      return await db.selectFrom('users').selectAll().where('id', '=', id).executeTakeFirst()
    },

    /** Reads the account and prevents changes until the commit; sign-ins do not wait for each other. */
    async lockForSignIn(id: string): Promise<UserRow | undefined> {
      return await db.selectFrom('users').selectAll().where('id', '=', id).forShare().executeTakeFirst()
    },

    /** Locks the account; waits for running sign-ins, and later ones wait for this transaction. */
    async lock(id: string): Promise<UserRow | undefined> {
      return await db.selectFrom('users').selectAll().where('id', '=', id).forUpdate().executeTakeFirst()
    },

    async serviceAccount(id: string): Promise<UserRow | undefined> {
      const query = db.selectFrom('users').selectAll().where('id', '=', id).where('password_hash', 'is', null)
      return await query.executeTakeFirst()
    },

    /** Newest first. */
    async serviceAccounts(page: NewestFirst): Promise<UserRow[]> {
      const query = db.selectFrom('users').selectAll().where('password_hash', 'is', null)
      return await newestFirst(query, page).execute()
    },

    /** Locks all enabled administrators until the commit. `signsIn` is false for service accounts. */
    async lockAdmins(): Promise<{ id: string; signsIn: boolean }[]> {
      return await db
        .selectFrom('users')
        .select(['id', sql<boolean>`password_hash is not null`.as('signsIn')])
        .where('role', '=', 'admin')
        .where('disabled_at', 'is', null)
        // A fixed order avoids deadlocks.
        .orderBy('id')
        .forUpdate()
        .execute()
    },

    async apply(id: string, change: UserChange, now: Date): Promise<void> {
      const columns = { ...CHANGES[change](now), updated_at: now }
      await db.updateTable('users').set(columns).where('id', '=', id).execute()
    },

    /** Deletes the account with its sessions and all other rows that refer to it. False when it was already deleted. */
    async delete(id: string): Promise<boolean> {
      const { numDeletedRows } = await db.deleteFrom('users').where('id', '=', id).executeTakeFirstOrThrow()
      return numDeletedRows === 1n
    },

    async setDisplayName(id: string, displayName: string | null, now: Date): Promise<UserRow | undefined> {
      return await db
        .updateTable('users')
        .set({ display_name: displayName, updated_at: now })
        .where('id', '=', id)
        .returningAll()
        .executeTakeFirst()
    },

    async setMfaEnabled(id: string, since: Date | null, now: Date): Promise<void> {
      await db.updateTable('users').set({ mfa_enabled_at: since, updated_at: now }).where('id', '=', id).execute()
    },

    /**
     * Invalidates the password of an unconfirmed account with this address: it is unknown which of the two people who
     * registered it owns the address, so neither password is valid.
     */
    async voidUnconfirmed({ id, email }: UserRow, unusableHash: string): Promise<void> {
      await db
        .updateTable('users')
        .set({ password_hash: unusableHash })
        .where(sql`lower(email)`, '=', email)
        .where('id', '<>', id)
        .where('email_verified_at', 'is', null)
        .execute()
    },

    /**
     * Sets the password and confirms the address, because the link in the mail proved that it belongs to the account's
     * owner.
     */
    async resetPassword(id: string, hash: string, now: Date): Promise<void> {
      const email_verified_at = sql<Date>`coalesce(email_verified_at, ${now})`
      await db.updateTable('users').set({ password_hash: hash, email_verified_at }).where('id', '=', id).execute()
    },

    async markVerified(id: string, now: Date): Promise<void> {
      const email_verified_at = sql<Date>`coalesce(email_verified_at, ${now})`
      await db.updateTable('users').set({ email_verified_at }).where('id', '=', id).execute()
    },

    /** Replaces the hash only if it is still `from`; otherwise false. */
    async replaceHash(id: string, from: string, to: string): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('users')
        .set({ password_hash: to })
        .where('id', '=', id)
        .where('password_hash', '=', from)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },
  }
}

export interface UserFilter {
  q?: string | undefined
  role?: UserRow['role'] | undefined
  disabled?: boolean | undefined
}

export function userOverviewRepository(db: Kysely<AuthDb>) {
  function overviews(now: Date) {
    return db
      .selectFrom('users')
      .selectAll()
      .select((eb) => [
        eb
          .selectFrom('sessions')
          .select(sql<number>`count(*)::int`.as('live'))
          .whereRef('sessions.user_id', '=', 'users.id')
          .where('ended_at', 'is', null)
          .where('expires_at', '>', now)
          .$asScalar()
          .$notNull()
          .as('live_sessions'),
        eb
          .selectFrom('audit_log')
          .select('at')
          .whereRef('audit_log.user_id', '=', 'users.id')
          // Written as in the condition of the partial index.
          .where(sql<boolean>`action in ('register', 'login') and outcome = 'success'`)
          .orderBy('sequence', 'desc')
          .limit(1)
          .as('last_login_at'),
      ])
  }

  return {
    async byId(id: string, now: Date): Promise<UserOverview | undefined> {
      return await overviews(now).where('id', '=', id).executeTakeFirst()
    },

    /** Newest first. */
    async find({ q, role, disabled }: UserFilter, page: NewestFirst, now: Date): Promise<UserOverview[]> {
      let query = overviews(now)
      if (q !== undefined)
        query = query.where(sql<boolean>`strpos(lower(email || ' ' || coalesce(display_name, '')), lower(${q})) > 0`)
      if (role !== undefined) query = query.where('role', '=', role)
      if (disabled !== undefined) query = query.where('disabled_at', disabled ? 'is not' : 'is', null)
      return await newestFirst(query, page).execute()
    },
  }
}
