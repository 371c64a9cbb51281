import type { Handlers } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { eraseMe, exportAccount, getErasure, getMe, updateMe } from './accounts.ts'
import { createApiKey, listApiKeys, resolveApiKey, revokeApiKey } from './api-keys.ts'
import { listAudit, searchAudit, verifyAudit } from './audit.ts'
import { createAccount, createAdmin } from './create-admin.ts'
import { beginMfaPasskey, finishLogin } from './finish-login.ts'
import { beginRequest, endRequest } from './idempotency.ts'
import { createInvite, deleteInvite, listInvites } from './invites.ts'
import { login, resolveDevice } from './login.ts'
import { beginPasskeyLogin, loginWithPasskey } from './login-with-passkey.ts'
import { handOverProject, listMembers, removeMember, updateMember } from './members.ts'
import { addPasskey, beginPasskey, deletePasskey, listPasskeys } from './passkeys.ts'
import { changePassword, forgotPassword, resetPassword } from './passwords.ts'
import {
  acceptProjectInvitation,
  createProjectInvitation,
  deleteProjectInvitation,
  listProjectInvitations,
} from './project-invitations.ts'
import {
  createProject,
  createUserProject,
  deleteProject,
  findProjects,
  getProject,
  listMemberships,
  listProjects,
  updateProject,
} from './projects.ts'
import { refresh } from './refresh.ts'
import { register, resendVerification, verifyEmail } from './registration.ts'
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

/** The handlers of all methods in auth's contract. */
export function handlers(ctx: Context): Handlers<typeof auth> {
  return {
    register: register(ctx),
    verifyEmail: verifyEmail(ctx),
    resendVerification: resendVerification(ctx),

    login: login(ctx),
    resolveDevice: resolveDevice(ctx),
    finishLogin: finishLogin(ctx),
    beginMfaPasskey: beginMfaPasskey(ctx),
    beginPasskeyLogin: beginPasskeyLogin(ctx),
    loginWithPasskey: loginWithPasskey(ctx),

    refresh: refresh(ctx),
    logout: logout(ctx),
    logoutAll: logoutAll(ctx),
    listSessions: listSessions(ctx),
    revokeSession: revokeSession(ctx),
    listUserSessions: listUserSessions(ctx),
    revokeUserSession: revokeUserSession(ctx),
    revokeUserSessions: revokeUserSessions(ctx),
    listRevocations: listRevocations(ctx),

    changePassword: changePassword(ctx),
    forgotPassword: forgotPassword(ctx),
    resetPassword: resetPassword(ctx),

    getMe: getMe(ctx),
    updateMe: updateMe(ctx),
    exportAccount: exportAccount(ctx),
    eraseMe: eraseMe(ctx),
    getErasure: getErasure(ctx),

    setUpTotp: setUpTotp(ctx),
    enableTotp: enableTotp(ctx),
    disableTotp: disableTotp(ctx),
    renewRecoveryCodes: renewRecoveryCodes(ctx),

    beginPasskey: beginPasskey(ctx),
    addPasskey: addPasskey(ctx),
    listPasskeys: listPasskeys(ctx),
    deletePasskey: deletePasskey(ctx),

    createApiKey: createApiKey(ctx),
    listApiKeys: listApiKeys(ctx),
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
    resetSecondFactor: resetSecondFactor(ctx),
    eraseUser: eraseUser(ctx),
    createAdmin: createAdmin(ctx),
    createAccount: createAccount(ctx),

    createInvite: createInvite(ctx),
    listInvites: listInvites(ctx),
    deleteInvite: deleteInvite(ctx),

    createProject: createProject(ctx),
    listProjects: listProjects(ctx),
    getProject: getProject(ctx),
    updateProject: updateProject(ctx),
    deleteProject: deleteProject(ctx),
    handOverProject: handOverProject(ctx),
    listMembers: listMembers(ctx),
    updateMember: updateMember(ctx),
    removeMember: removeMember(ctx),
    createProjectInvitation: createProjectInvitation(ctx),
    listProjectInvitations: listProjectInvitations(ctx),
    deleteProjectInvitation: deleteProjectInvitation(ctx),
    acceptProjectInvitation: acceptProjectInvitation(ctx),
    listMemberships: listMemberships(ctx),
    createUserProject: createUserProject(ctx),
    findProjects: findProjects(ctx),

    beginRequest: beginRequest(ctx),
    endRequest: endRequest(ctx),

    listAudit: listAudit(ctx),
    searchAudit: searchAudit(ctx),
    verifyAudit: verifyAudit(ctx),

    getJwks: getJwks(ctx),
    listKeys: listKeys(ctx),
    rotateKeys: rotateKeys(ctx),
    retireKey: retireKey(ctx),
  }
}
