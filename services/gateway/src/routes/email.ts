import { auth as rpc } from '@kinora/common/contracts'
import type { Route } from './route.ts'

export const email: Route[] = [
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
    auth: 'none',
    limit: 'mail',
    status: 202,
  },
]
