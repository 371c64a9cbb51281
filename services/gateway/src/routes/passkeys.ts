import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const signedIn = { auth: 'required', limit: 'mfa' } as const
const anyone = { auth: 'none', limit: 'mfa' } as const

export const passkeys = tagged('Passkeys', [
  { ...anyone, method: 'post', path: '/v1/auth/passkeys/login/options', rpc: rpc.beginPasskeyLogin, status: 200 },
  {
    ...anyone,
    method: 'post',
    path: '/v1/auth/passkeys/login',
    rpc: rpc.loginWithPasskey,
    cookie: 'given',
    status: 200,
  },
  { ...signedIn, method: 'post', path: '/v1/auth/passkeys/options', rpc: rpc.beginPasskey, status: 200 },
  { ...signedIn, method: 'post', path: '/v1/auth/passkeys', rpc: rpc.addPasskey, status: 201 },
  { method: 'get', path: '/v1/auth/passkeys', rpc: rpc.listPasskeys, auth: 'required', limit: 'general', status: 200 },
  { ...signedIn, method: 'delete', path: '/v1/auth/passkeys/:passkeyId', rpc: rpc.deletePasskey, status: 204 },
])
