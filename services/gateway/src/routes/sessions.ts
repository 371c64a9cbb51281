import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

export const sessions = tagged('Sessions', [
  {
    method: 'post',
    path: '/v1/auth/refresh',
    rpc: rpc.refresh,
    cookie: 'exchanged',
    countedBy: 'refreshToken',
    auth: 'none',
    limit: 'refresh',
    status: 200,
  },
  {
    method: 'post',
    path: '/v1/auth/logout',
    rpc: rpc.logout,
    cookie: 'taken',
    ends: 'logout',
    auth: 'optional',
    limit: 'general',
    status: 204,
  },
  {
    method: 'post',
    path: '/v1/auth/logout-all',
    rpc: rpc.logoutAll,
    ends: 'logout_all',
    auth: 'required',
    limit: 'general',
    status: 204,
  },
  { method: 'get', path: '/v1/auth/sessions', rpc: rpc.listSessions, auth: 'required', limit: 'general', status: 200 },
  {
    method: 'delete',
    path: '/v1/auth/sessions/:sessionId',
    rpc: rpc.revokeSession,
    ends: 'session_revoked',
    auth: 'required',
    limit: 'general',
    status: 204,
  },
])
