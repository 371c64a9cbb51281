import { media } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const user = '/v1/admin/users/:userId'
const own = { auth: 'required', scope: 'videos:read', limit: 'general' } as const
const admin = { auth: 'admin', scope: 'admin', limit: 'general' } as const

export const limits = tagged('Usage', [
  { method: 'get', path: '/v1/usage', rpc: media.getUsage, ...own, status: 200 },
  { method: 'get', path: `${user}/usage`, rpc: media.getUserUsage, ...admin, status: 200 },
  { method: 'patch', path: `${user}/limits`, rpc: media.updateUserLimits, ...admin, status: 200 },
])
