import { auth as rpc } from '@kinora/common/contracts'
import type { Route } from './route.ts'

export const passwords: Route[] = [
  {
    method: 'post',
    path: '/v1/auth/password',
    rpc: rpc.changePassword,
    auth: 'required',
    limit: 'password',
    status: 204,
  },
]
