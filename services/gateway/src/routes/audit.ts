import { auth as rpc } from '@kinora/common/contracts'
import type { Route } from './route.ts'

export const audit: Route[] = [
  {
    method: 'get',
    path: '/v1/auth/audit',
    rpc: rpc.listAudit,
    auth: 'required',
    scope: 'account:read',
    limit: 'general',
    status: 200,
  },
]
