import type { Context } from '../../context.ts'
import { getJwks } from './get-jwks.ts'
import { listRevocations } from './list-revocations.ts'

export const keys = (ctx: Context) => ({
  getJwks: getJwks(ctx),
  listRevocations: listRevocations(ctx),
})
