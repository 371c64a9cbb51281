import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { findParked } from '../repositories/parked.ts'
import { toParked } from './to-parked.ts'

export function getParked(ctx: Context): Handler<typeof media.getParked> {
  return async ({ parkedId }, { actor }) => {
    administratorOnly(actor)
    const row = await findParked(ctx.db, parkedId)
    if (!row) throw new AppError('PARKED_NOT_FOUND')
    return { ...toParked(row), body: row.body }
  }
}
