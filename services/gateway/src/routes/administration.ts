import { auth, media } from '@kinora/common/contracts'
import { tagged } from './route.ts'

export const audit = tagged('Audit log', [
  {
    method: 'get',
    path: '/v1/auth/audit',
    rpc: auth.listAudit,
    auth: 'required',
    scope: 'account:read',
    limit: 'general',
    status: 200,
  },
])

const accounts = '/v1/admin/service-accounts'
const keys = `${accounts}/:userId/api-keys`
const users = '/v1/admin/users'
const user = `${users}/:userId`
const invites = '/v1/admin/invites'
const parked = '/v1/admin/parked'
const videos = '/v1/admin/videos'

const admin = { auth: 'admin', scope: 'admin', limit: 'general' } as const
const support = { ...admin, auth: 'support' } as const
/** No scope: a key that could create keys would outlive its own revocation. */
const keyAdmin = { auth: 'admin', limit: 'general' } as const

export const administration = [
  ...tagged('Administration', [
    { method: 'post', path: accounts, rpc: auth.createServiceAccount, ...keyAdmin, status: 201 },
    { method: 'get', path: accounts, rpc: auth.listServiceAccounts, ...keyAdmin, status: 200 },
    { method: 'post', path: keys, rpc: auth.createServiceAccountKey, ...keyAdmin, limit: 'mfa', status: 201 },
    { method: 'get', path: keys, rpc: auth.listServiceAccountKeys, ...keyAdmin, status: 200 },
    { method: 'delete', path: `${keys}/:keyId`, rpc: auth.revokeServiceAccountKey, ...keyAdmin, status: 204 },
    { method: 'get', path: users, rpc: auth.listUsers, ...support, status: 200 },
    { method: 'get', path: user, rpc: auth.getUser, ...support, status: 200 },
    { method: 'patch', path: user, rpc: auth.updateUser, ...admin, status: 200 },
    { method: 'delete', path: user, rpc: auth.eraseUser, ...admin, status: 204 },
    { method: 'get', path: `${user}/sessions`, rpc: auth.listUserSessions, ...admin, status: 200 },
    { method: 'delete', path: `${user}/sessions`, rpc: auth.revokeUserSessions, ...admin, status: 204 },
    { method: 'delete', path: `${user}/sessions/:sessionId`, rpc: auth.revokeUserSession, ...admin, status: 204 },
    { method: 'delete', path: `${user}/second-factor`, rpc: auth.resetSecondFactor, ...admin, status: 204 },
    { method: 'post', path: invites, rpc: auth.createInvite, ...admin, status: 201 },
    { method: 'get', path: invites, rpc: auth.listInvites, ...admin, status: 200 },
    { method: 'delete', path: `${invites}/:inviteId`, rpc: auth.deleteInvite, ...admin, status: 204 },
    { method: 'get', path: videos, rpc: media.findVideos, ...support, status: 200 },
    { method: 'get', path: `${videos}/:videoId`, rpc: media.inspectVideo, ...support, status: 200 },
    {
      ...{ method: 'get', path: `${videos}/:videoId/webhook-deliveries`, rpc: media.listVideoDeliveries },
      ...{ ...support, status: 200 },
    },
    { method: 'post', path: `${videos}/:videoId/retry`, rpc: media.retryAnyVideo, ...support, status: 202 },
    { method: 'get', path: '/v1/admin/tasks', rpc: media.listTasks, ...admin, status: 200 },
  ]),
  ...tagged('Audit log', [{ method: 'get', path: '/v1/admin/audit', rpc: auth.searchAudit, ...admin, status: 200 }]),
  ...tagged('Administration', [
    { method: 'get', path: parked, rpc: media.listParked, ...admin, status: 200 },
    { method: 'get', path: `${parked}/:parkedId`, rpc: media.getParked, ...admin, status: 200 },
    { method: 'delete', path: `${parked}/:parkedId`, rpc: media.discardParked, ...admin, status: 204 },
    { method: 'post', path: `${parked}/:parkedId/redrive`, rpc: media.redriveParked, ...admin, status: 204 },
  ]),
]
