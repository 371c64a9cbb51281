import { type Bus, decodeEnvelope } from '@kinora/common/bus'
import type { Handler } from '@kinora/common/contract'
import { type media, NO_CONTROL, type Parked } from '@kinora/common/contracts'
import { CursorTime, decodeCursor, encodeCursor, pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import { z } from 'zod'
import { parseReceipt, RECEIPTS } from '../background/uploads.ts'
import type { Context } from '../context.ts'
import type { Tx } from '../db/schema.ts'
import { SUBSCRIBED_EVENTS } from '../events/index.ts'
import { transact } from '../operations/transact.ts'
import {
  addAuditRecord,
  listParked as findAllParked,
  findParked,
  type ParkedRow,
  takeParked,
} from '../repositories/parked.ts'
import { byAdmin } from './guards.ts'

/**
 * Sends a dead letter again before the commit that deletes it. A crash between the two leaves it parked, and consumers
 * ignore the repeated message. A message that fails again is parked again.
 */
export function redriveParked(ctx: Context, bus: Bus): Handler<typeof media.redriveParked> {
  return byAdmin<typeof media.redriveParked>(async ({ parkedId }, call) => {
    await transact(ctx, async (tx) => {
      const row = await takeParked(tx, parkedId)
      if (!row) throw new AppError('PARKED_NOT_FOUND')
      if (!isReadable(row)) throw new AppError('PARKED_UNREADABLE')
      await addAuditRecord(tx, call, 'parked_redrive', parkedId)
      if (row.origin === RECEIPTS) await ctx.store.put(keys.receipt(row.id), row.body)
      else await bus.redrive({ group: row.origin, id: row.id, type: row.type, body: row.body })
    })
    return {}
  })
}

/** Whether this version can read the message; the version that parked it may not have been able to. */
function isReadable({ origin, body }: ParkedRow): boolean {
  if (origin === RECEIPTS) return parseReceipt(body) !== null
  try {
    decodeEnvelope(Buffer.from(body), SUBSCRIBED_EVENTS)
    return true
  } catch {
    return false
  }
}

export function discardParked(ctx: Context): Handler<typeof media.discardParked> {
  return byAdmin<typeof media.discardParked>(async ({ parkedId }, call) => {
    const discard = async (tx: Tx) => {
      if (!(await takeParked(tx, parkedId))) throw new AppError('PARKED_NOT_FOUND')
      await addAuditRecord(tx, call, 'parked_discard', parkedId)
    }
    await transact(ctx, discard, { call })
    return {}
  })
}

export function getParked(ctx: Context): Handler<typeof media.getParked> {
  return byAdmin<typeof media.getParked>(async ({ parkedId }) => {
    const row = await findParked(ctx.db, parkedId)
    if (!row) throw new AppError('PARKED_NOT_FOUND')
    return { ...toParked(row), body: row.body }
  })
}

/** When the last row of a page was parked, and its id. */
const Cursor = z.tuple([CursorTime, z.string().max(200).regex(NO_CONTROL)])

export function listParked({ db }: Context): Handler<typeof media.listParked> {
  return byAdmin<typeof media.listParked>(async ({ limit, cursor }) => {
    const rows = await findAllParked(db, { limit: limit + 1, after: cursor === undefined ? undefined : after(cursor) })
    return pageOf(rows, limit, toParked, ({ parked_at, id }) => encodeCursor([parked_at.toISOString(), id]))
  })
}

function after(cursor: string): { parkedAt: string; id: string } {
  const [parkedAt, id] = decodeCursor(cursor, Cursor)
  return { parkedAt, id }
}

function toParked(row: ParkedRow): Parked {
  return {
    id: row.id,
    origin: row.origin,
    type: row.type,
    attempts: row.attempts,
    error: { code: row.error_code, message: row.error_message },
    parkedAt: row.parked_at.toISOString(),
  }
}
