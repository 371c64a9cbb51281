import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

/**
 * No scope: a key that could make keys would outlive its own revocation. What `project` says is about keys of others: everybody
 * may list and revoke the own ones.
 */
const required = { auth: 'required', project: 'manage', limit: 'general' } as const

export const apiKeys = tagged('API keys', [
  { method: 'get', path: '/v1/api-keys', rpc: rpc.listApiKeys, ...required, status: 200 },
  { method: 'post', path: '/v1/api-keys', rpc: rpc.createApiKey, ...required, limit: 'mfa', status: 201 },
  { method: 'delete', path: '/v1/api-keys/:keyId', rpc: rpc.revokeApiKey, ...required, status: 204 },
])
