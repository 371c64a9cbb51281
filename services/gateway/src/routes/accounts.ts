import { media, auth as rpc, VerificationRequired } from '@kinora/common/contracts'
import { tagged } from './route.ts'

export const accounts = tagged('Accounts', [
  {
    method: 'post',
    path: '/v1/auth/register',
    rpc: rpc.register,
    cookie: 'given',
    countedBy: 'email',
    auth: 'none',
    limit: 'register',
    status: 201,
    instead: { output: VerificationRequired, status: 202 },
  },
  {
    method: 'post',
    path: '/v1/auth/login',
    rpc: rpc.login,
    cookie: 'given',
    countedBy: 'email',
    auth: 'none',
    limit: 'login',
    status: 200,
  },
  {
    method: 'get',
    path: '/v1/auth/me',
    rpc: rpc.getMe,
    auth: 'required',
    scope: 'account:read',
    limit: 'general',
    status: 200,
  },
  { method: 'patch', path: '/v1/auth/me', rpc: rpc.updateMe, auth: 'required', limit: 'general', status: 200 },
])

const user = '/v1/admin/users/:userId'
const project = '/v1/admin/projects/:projectId'
const own = { auth: 'required', scope: 'videos:read', project: 'read', limit: 'general' } as const
const admin = { auth: 'admin', scope: 'admin', limit: 'general' } as const
const support = { ...admin, auth: 'support' } as const

export const limits = tagged('Usage', [
  { method: 'get', path: '/v1/usage', rpc: media.getUsage, ...own, status: 200 },
  { method: 'get', path: `${user}/usage`, rpc: media.getUserUsage, ...support, status: 200 },
  { method: 'patch', path: `${user}/limits`, rpc: media.updateUserLimits, ...admin, status: 200 },
  { method: 'get', path: `${project}/usage`, rpc: media.getProjectUsage, ...support, status: 200 },
  { method: 'patch', path: `${project}/limits`, rpc: media.updateProjectLimits, ...admin, status: 200 },
])
