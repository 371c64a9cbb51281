import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { noteAction } from '../repositories/audit-records.ts'
import { takeParked } from '../repositories/parked.ts'

export function discardParked(ctx: Context): Handler<typeof media.discardParked> {
  return async ({ parkedId }, call) => {
    administratorOnly(call.actor)
    await ctx.db.transaction().execute(async (tx) => {
      if (!(await takeParked(tx, parkedId))) throw new AppError('PARKED_NOT_FOUND')
      await noteAction(tx, call, 'parked_discard', parkedId)
    })
    ctx.wake.emit('outbox')
    return {}
  }
}
