import { auth as rpc } from '@kinora/common/contracts'
import type { Route } from './route.ts'

export const auth: Route[] = [
  { method: 'post', path: '/v1/auth/register', rpc: rpc.register, auth: 'none', limit: 'register', status: 201 },
  { method: 'post', path: '/v1/auth/login', rpc: rpc.login, auth: 'none', limit: 'login', status: 200 },
  { method: 'post', path: '/v1/auth/refresh', rpc: rpc.refresh, auth: 'none', limit: 'refresh', status: 200 },
  { method: 'post', path: '/v1/auth/logout', rpc: rpc.logout, auth: 'required', limit: 'general', status: 204 },
  { method: 'post', path: '/v1/auth/logout-all', rpc: rpc.logoutAll, auth: 'required', limit: 'general', status: 204 },
  { method: 'get', path: '/v1/auth/me', rpc: rpc.getMe, auth: 'required', limit: 'general', status: 200 },
  { method: 'patch', path: '/v1/auth/me', rpc: rpc.updateMe, auth: 'required', limit: 'general', status: 200 },
  { method: 'get', path: '/v1/auth/sessions', rpc: rpc.listSessions, auth: 'required', limit: 'general', status: 200 },
  {
    method: 'delete',
    path: '/v1/auth/sessions/:sessionId',
    rpc: rpc.revokeSession,
    auth: 'required',
    limit: 'general',
    status: 204,
  },
  { method: 'get', path: '/v1/auth/audit', rpc: rpc.listAudit, auth: 'required', limit: 'general', status: 200 },
]
