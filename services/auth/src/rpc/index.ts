import type { Handlers } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { eraseMe, exportAccount, getMe, updateMe } from './accounts.ts'
import { createApiKey, listApiKeys, revokeApiKey } from './api-keys.ts'
import { listAudit, searchAudit, verifyAudit } from './audit.ts'
import { changePassword } from './change-password.ts'
import { createAdmin } from './create-admin.ts'
import { beginMfaPasskey, finishLogin } from './finish-login.ts'
import { login } from './login.ts'
import { beginPasskeyLogin, loginWithPasskey } from './login-with-passkey.ts'
import { addPasskey, beginPasskey, deletePasskey, listPasskeys } from './passkeys.ts'
import { refresh } from './refresh.ts'
import { register, resendVerification, verifyEmail } from './registration.ts'
import { forgotPassword, resetPassword } from './reset-password.ts'
import { resolveApiKey } from './resolve-api-key.ts'
import {
  createServiceAccount,
  createServiceAccountKey,
  listServiceAccountKeys,
  listServiceAccounts,
  revokeServiceAccountKey,
} from './service-accounts.ts'
import {
  listRevocations,
  listSessions,
  listUserSessions,
  logout,
  logoutAll,
  revokeSession,
  revokeUserSession,
  revokeUserSessions,
} from './sessions.ts'
import { getJwks, listKeys, retireKey, rotateKeys } from './signing-keys.ts'
import { disableTotp, enableTotp, renewRecoveryCodes, setUpTotp } from './totp.ts'
import { eraseUser, getUser, listUsers, resetSecondFactor, updateUser } from './users.ts'

export function handlers(ctx: Context): Handlers<typeof auth> {
  return {
    register: register(ctx),
    login: login(ctx),
    getMe: getMe(ctx),
    updateMe: updateMe(ctx),

    changePassword: changePassword(ctx),
    forgotPassword: forgotPassword(ctx),
    resetPassword: resetPassword(ctx),

    verifyEmail: verifyEmail(ctx),
    resendVerification: resendVerification(ctx),

    refresh: refresh(ctx),
    logout: logout(ctx),
    logoutAll: logoutAll(ctx),
    listSessions: listSessions(ctx),
    revokeSession: revokeSession(ctx),

    setUpTotp: setUpTotp(ctx),
    enableTotp: enableTotp(ctx),
    disableTotp: disableTotp(ctx),
    renewRecoveryCodes: renewRecoveryCodes(ctx),
    finishLogin: finishLogin(ctx),
    beginMfaPasskey: beginMfaPasskey(ctx),

    beginPasskey: beginPasskey(ctx),
    addPasskey: addPasskey(ctx),
    listPasskeys: listPasskeys(ctx),
    deletePasskey: deletePasskey(ctx),
    beginPasskeyLogin: beginPasskeyLogin(ctx),
    loginWithPasskey: loginWithPasskey(ctx),

    listAudit: listAudit(ctx),
    verifyAudit: verifyAudit(ctx),

    getJwks: getJwks(ctx),
    listRevocations: listRevocations(ctx),

    listApiKeys: listApiKeys(ctx),
    createApiKey: createApiKey(ctx),
    revokeApiKey: revokeApiKey(ctx),
    resolveApiKey: resolveApiKey(ctx),

    createServiceAccount: createServiceAccount(ctx),
    listServiceAccounts: listServiceAccounts(ctx),
    createServiceAccountKey: createServiceAccountKey(ctx),
    listServiceAccountKeys: listServiceAccountKeys(ctx),
    revokeServiceAccountKey: revokeServiceAccountKey(ctx),

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

    listKeys: listKeys(ctx),
    rotateKeys: rotateKeys(ctx),
    retireKey: retireKey(ctx),

    exportAccount: exportAccount(ctx),
    eraseMe: eraseMe(ctx),
  }
}
