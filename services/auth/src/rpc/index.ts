import type { Handlers } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { getJwks } from './get-jwks.ts'
import { getMe } from './get-me.ts'
import { listAudit } from './list-audit.ts'
import { listRevocations } from './list-revocations.ts'
import { listSessions } from './list-sessions.ts'
import { login } from './login.ts'
import { logout } from './logout.ts'
import { logoutAll } from './logout-all.ts'
import { refresh } from './refresh.ts'
import { register } from './register.ts'
import { revokeSession } from './revoke-session.ts'
import { updateMe } from './update-me.ts'

export function handlers(ctx: Context): Handlers<typeof auth> {
  return {
    register: register(ctx),
    login: login(ctx),
    refresh: refresh(ctx),
    logout: logout(ctx),
    logoutAll: logoutAll(ctx),
    getMe: getMe(ctx),
    updateMe: updateMe(ctx),
    listSessions: listSessions(ctx),
    revokeSession: revokeSession(ctx),
    listAudit: listAudit(ctx),
    getJwks: getJwks(ctx),
    listRevocations: listRevocations(ctx),
  }
}
