import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

export const audit = tagged('Audit log', [
  {
    method: 'get',
    path: '/v1/auth/audit',
    rpc: rpc.listAudit,
    auth: 'required',
    scope: 'account:read',
    limit: 'general',
    status: 200,
  },
])
