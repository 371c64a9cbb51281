import type { ProjectRole } from '@kinora/common/contract'
import { type NewestFirst, newestFirst } from '@kinora/common/db'
import { type Kysely, sql } from 'kysely'
import type { ApiKeyRow, AuthDb, UserRow } from '../db/schema.ts'

export interface OwnedApiKey {
  key: ApiKeyRow
  owner: Pick<UserRow, 'role' | 'disabled_at'>
  /** Of the owner, in the project of the key; null for an owner who is no member any more. */
  projectRole: ProjectRole | null
}

type KeyFilter = { userId: string; projectId?: string } | { userId?: undefined; projectId: string }

export function apiKeyRepository(db: Kysely<AuthDb>) {
  return {
    async insert(key: ApiKeyRow): Promise<void> {
      await db.insertInto('api_keys').values(key).execute()
    },

    async byDigest(digest: Buffer): Promise<OwnedApiKey | undefined> {
      const row = await db
        .selectFrom('api_keys')
        .innerJoin('users', 'users.id', 'api_keys.user_id')
        .leftJoin('project_members as member', (join) =>
          join.onRef('member.project_id', '=', 'api_keys.project_id').onRef('member.user_id', '=', 'api_keys.user_id'),
        )
        .selectAll('api_keys')
        .select(['users.role', 'users.disabled_at', 'member.role as project_role'])
        .where('digest', '=', digest)
        .executeTakeFirst()
      return row && { key: row, owner: row, projectRole: row.project_role }
    },

    /** The keys that are neither revoked nor expired: those of an account, of a project, or of an account in a project. */
    async liveIds({ userId, projectId }: KeyFilter, now: Date): Promise<string[]> {
      let query = db
        .selectFrom('api_keys')
        .select('id')
        .where('revoked_at', 'is', null)
        .where((where) => where.or([where('expires_at', 'is', null), where('expires_at', '>', now)]))
      if (userId !== undefined) query = query.where('user_id', '=', userId)
      if (projectId !== undefined) query = query.where('project_id', '=', projectId)
      return (await query.execute()).map(({ id }) => id)
    },

    /** Newest first, including expired keys, so that their owner sees why a program stopped. */
    async notRevoked({ userId, projectId }: KeyFilter, page: NewestFirst): Promise<ApiKeyRow[]> {
      let query = db.selectFrom('api_keys').selectAll().where('revoked_at', 'is', null)
      if (userId !== undefined) query = query.where('user_id', '=', userId)
      if (projectId !== undefined) query = query.where('project_id', '=', projectId)
      return await newestFirst(query, page).execute()
    },

    async byId(id: string): Promise<ApiKeyRow | undefined> {
      return await db.selectFrom('api_keys').selectAll().where('id', '=', id).executeTakeFirst()
    },

    /** False for a key that does not exist, belongs to another account, or was already revoked. */
    async revoke(id: string, userId: string, now: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ revoked_at: now })
        .where('id', '=', id)
        .where('user_id', '=', userId)
        .where('revoked_at', 'is', null)
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async belongsTo(id: string, userId: string): Promise<boolean> {
      const query = db.selectFrom('api_keys').select('id').where('id', '=', id).where('user_id', '=', userId)
      return (await query.executeTakeFirst()) !== undefined
    },

    /** Writes only when the last use is before `unlessSince`, however many gateways ask at once. */
    async recordUse(id: string, now: Date, unlessSince: Date): Promise<void> {
      await db
        .updateTable('api_keys')
        .set({ last_used_at: now })
        .where('id', '=', id)
        .where((where) => where.or([where('last_used_at', 'is', null), where('last_used_at', '<', unlessSince)]))
        .execute()
    },

    /** True for one caller, unless a refusal was logged since `unlessSince`. */
    async claimRefusalLog(id: string, now: Date, unlessSince: Date): Promise<boolean> {
      const { numUpdatedRows } = await db
        .updateTable('api_keys')
        .set({ refusal_logged_at: now })
        .where('id', '=', id)
        .where((where) =>
          where.or([where('refusal_logged_at', 'is', null), where('refusal_logged_at', '<', unlessSince)]),
        )
        .executeTakeFirstOrThrow()
      return numUpdatedRows === 1n
    },

    async deleteEnded(before: Date, limit: number): Promise<number> {
      const ended = db
        .selectFrom('api_keys')
        .select('id')
        .where(sql<Date>`least(expires_at, revoked_at)`, '<', before)
        .limit(limit)
      const { numDeletedRows } = await db.deleteFrom('api_keys').where('id', 'in', ended).executeTakeFirstOrThrow()
      return Number(numDeletedRows)
    },
  }
}
