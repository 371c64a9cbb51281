import type { AdminUser } from '@kinora/common/contracts'
import type { UserOverview } from '../repositories/user-overviews.ts'
import { toUser } from './to-user.ts'

export function toAdminUser(row: UserOverview): AdminUser {
  return {
    ...toUser(row),
    disabledAt: row.disabled_at?.toISOString() ?? null,
    lastLoginAt: row.last_login_at?.toISOString() ?? null,
    sessions: row.live_sessions,
  }
}
