import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

export const passwords = tagged('Passwords and e-mail', [
  {
    method: 'post',
    path: '/v1/auth/password',
    rpc: rpc.changePassword,
    auth: 'required',
    limit: 'password',
    status: 204,
  },
  {
    method: 'post',
    path: '/v1/auth/password/forgot',
    rpc: rpc.forgotPassword,
    countedBy: 'email',
    auth: 'none',
    limit: 'mail',
    status: 202,
  },
  {
    method: 'post',
    path: '/v1/auth/password/reset',
    rpc: rpc.resetPassword,
    auth: 'none',
    limit: 'mail-token',
    status: 204,
  },
  {
    method: 'post',
    path: '/v1/auth/email/verify',
    rpc: rpc.verifyEmail,
    auth: 'none',
    limit: 'mail-token',
    status: 204,
  },
  {
    method: 'post',
    path: '/v1/auth/email/resend',
    rpc: rpc.resendVerification,
    countedBy: 'email',
    auth: 'none',
    limit: 'mail',
    status: 202,
  },
])
