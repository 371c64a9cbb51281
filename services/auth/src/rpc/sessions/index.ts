import type { Context } from '../../context.ts'
import { listSessions } from './list-sessions.ts'
import { logout } from './logout.ts'
import { logoutAll } from './logout-all.ts'
import { refresh } from './refresh.ts'
import { revokeSession } from './revoke-session.ts'

export const sessions = (ctx: Context) => ({
  refresh: refresh(ctx),
  logout: logout(ctx),
  logoutAll: logoutAll(ctx),
  listSessions: listSessions(ctx),
  revokeSession: revokeSession(ctx),
})
