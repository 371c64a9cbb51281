import type { Context } from '../../context.ts'
import { createAdmin } from './create-admin.ts'
import { eraseUser } from './erase-user.ts'
import { getUser } from './get-user.ts'
import { listUserSessions } from './list-user-sessions.ts'
import { listUsers } from './list-users.ts'
import { resetSecondFactor } from './reset-second-factor.ts'
import { revokeUserSession } from './revoke-user-session.ts'
import { revokeUserSessions } from './revoke-user-sessions.ts'
import { searchAudit } from './search-audit.ts'
import { updateUser } from './update-user.ts'

export const administration = (ctx: Context) => ({
  listUsers: listUsers(ctx),
  getUser: getUser(ctx),
  updateUser: updateUser(ctx),
  listUserSessions: listUserSessions(ctx),
  revokeUserSessions: revokeUserSessions(ctx),
  revokeUserSession: revokeUserSession(ctx),
  resetSecondFactor: resetSecondFactor(ctx),
  eraseUser: eraseUser(ctx),
  searchAudit: searchAudit(ctx),
  createAdmin: createAdmin(ctx),
})
