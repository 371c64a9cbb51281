import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const signedIn = { auth: 'required', limit: 'mfa' } as const

export const secondFactor = tagged('Second factor', [
  {
    method: 'post',
    path: '/v1/auth/mfa',
    rpc: rpc.finishLogin,
    cookie: 'given',
    countedBy: 'mfaToken',
    auth: 'none',
    limit: 'mfa',
    status: 200,
  },
  {
    method: 'post',
    path: '/v1/auth/mfa/passkey/options',
    rpc: rpc.beginMfaPasskey,
    countedBy: 'mfaToken',
    auth: 'none',
    limit: 'mfa',
    status: 200,
  },
  { ...signedIn, method: 'post', path: '/v1/auth/totp/setup', rpc: rpc.setUpTotp, status: 200 },
  { ...signedIn, method: 'post', path: '/v1/auth/totp/enable', rpc: rpc.enableTotp, status: 200 },
  { ...signedIn, method: 'delete', path: '/v1/auth/totp', rpc: rpc.disableTotp, status: 204 },
  { ...signedIn, method: 'post', path: '/v1/auth/totp/recovery-codes', rpc: rpc.renewRecoveryCodes, status: 200 },
])
