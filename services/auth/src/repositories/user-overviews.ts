import { type Kysely, sql } from 'kysely'
import type { AuthDb, UserRow } from '../db/schema.ts'
import { type CreationPage, newestFirst } from './creation-page.ts'

/** An account with what is known of its use. */
export type UserOverview = UserRow & { last_login_at: Date | null; live_sessions: number }

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
          // In the words of the index that holds nothing else.
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
    async find({ q, role, disabled }: UserFilter, page: CreationPage, now: Date): Promise<UserOverview[]> {
      let query = overviews(now)
      if (q !== undefined)
        query = query.where(sql<boolean>`strpos(lower(email || ' ' || coalesce(display_name, '')), lower(${q})) > 0`)
      if (role !== undefined) query = query.where('role', '=', role)
      if (disabled !== undefined) query = query.where('disabled_at', disabled ? 'is not' : 'is', null)
      return await newestFirst(query, page).execute()
    },
  }
}
