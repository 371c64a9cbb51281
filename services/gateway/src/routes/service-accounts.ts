import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const accounts = '/v1/admin/service-accounts'
const keys = `${accounts}/:userId/api-keys`
/** No scope, as with one's own keys. */
const admin = { auth: 'admin', limit: 'general' } as const

export const serviceAccounts = tagged('Administration', [
  { method: 'post', path: accounts, rpc: rpc.createServiceAccount, ...admin, status: 201 },
  { method: 'get', path: accounts, rpc: rpc.listServiceAccounts, ...admin, status: 200 },
  { method: 'post', path: keys, rpc: rpc.createServiceAccountKey, ...admin, limit: 'mfa', status: 201 },
  { method: 'get', path: keys, rpc: rpc.listServiceAccountKeys, ...admin, status: 200 },
  { method: 'delete', path: `${keys}/:keyId`, rpc: rpc.revokeServiceAccountKey, ...admin, status: 204 },
])
