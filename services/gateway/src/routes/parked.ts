import { media as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const all = '/v1/admin/parked'
const one = `${all}/:parkedId`
const admin = { auth: 'admin', scope: 'admin', limit: 'general' } as const

export const parked = tagged('Administration', [
  { method: 'get', path: all, rpc: rpc.listParked, ...admin, status: 200 },
  { method: 'get', path: one, rpc: rpc.getParked, ...admin, status: 200 },
  { method: 'delete', path: one, rpc: rpc.discardParked, ...admin, status: 204 },
  { method: 'post', path: `${one}/redrive`, rpc: rpc.redriveParked, ...admin, status: 204 },
])
