import { media, auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const users = '/v1/admin/users'
const user = `${users}/:userId`
const invites = '/v1/admin/invites'
const admin = { auth: 'admin', scope: 'admin', limit: 'general' } as const

const accountRows = tagged('Administration', [
  { method: 'get', path: users, rpc: rpc.listUsers, ...admin, status: 200 },
  { method: 'get', path: user, rpc: rpc.getUser, ...admin, status: 200 },
  { method: 'patch', path: user, rpc: rpc.updateUser, ...admin, status: 200 },
  { method: 'delete', path: user, rpc: rpc.eraseUser, ...admin, status: 204 },
  { method: 'get', path: `${user}/sessions`, rpc: rpc.listUserSessions, ...admin, status: 200 },
  { method: 'delete', path: `${user}/sessions`, rpc: rpc.revokeUserSessions, ...admin, status: 204 },
  { method: 'delete', path: `${user}/sessions/:sessionId`, rpc: rpc.revokeUserSession, ...admin, status: 204 },
  { method: 'delete', path: `${user}/second-factor`, rpc: rpc.resetSecondFactor, ...admin, status: 204 },
  { method: 'post', path: invites, rpc: rpc.createInvite, ...admin, status: 201 },
  { method: 'get', path: invites, rpc: rpc.listInvites, ...admin, status: 200 },
  { method: 'delete', path: `${invites}/:inviteId`, rpc: rpc.deleteInvite, ...admin, status: 204 },
  { method: 'get', path: '/v1/admin/tasks', rpc: media.listTasks, ...admin, status: 200 },
])

export const administration = [
  ...accountRows,
  ...tagged('Audit log', [{ method: 'get', path: '/v1/admin/audit', rpc: rpc.searchAudit, ...admin, status: 200 }]),
]
