import { administratorOnly } from '@kinora/common/actor'
import { type Bus, decodeEnvelope } from '@kinora/common/bus'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import { parseReceipt, RECEIPTS } from '../background/register-receipts.ts'
import type { Context } from '../context.ts'
import { HEARD } from '../events/index.ts'
import { noteAction } from '../repositories/audit-records.ts'
import { type ParkedRow, takeParked } from '../repositories/parked.ts'

/**
 * Sends a message again before the commit that takes it out of the parking lot: a crash between the two leaves it there, sent,
 * and what is heard twice counts once. What fails again is parked again.
 */
export function redriveParked(ctx: Context, bus: Bus): Handler<typeof media.redriveParked> {
  return async ({ parkedId }, call) => {
    administratorOnly(call.actor)
    await ctx.db.transaction().execute(async (tx) => {
      const row = await takeParked(tx, parkedId)
      if (!row) throw new AppError('PARKED_NOT_FOUND')
      if (!isReadable(row)) throw new AppError('PARKED_UNREADABLE')
      await noteAction(tx, call, 'parked_redrive', parkedId)
      if (row.origin === RECEIPTS) await ctx.store.put(keys.receipt(row.id), row.body)
      else await bus.redrive({ group: row.origin, id: row.id, type: row.type, body: row.body })
    })
    ctx.wake.emit('outbox')
    return {}
  }
}

/** By this version of the software; one that parked it may have known less. */
function isReadable({ origin, body }: ParkedRow): boolean {
  if (origin === RECEIPTS) return parseReceipt(body) !== null
  try {
    decodeEnvelope(Buffer.from(body), HEARD)
    return true
  } catch {
    return false
  }
}
