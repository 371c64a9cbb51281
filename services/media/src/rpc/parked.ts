import { administratorOnly } from '@kinora/common/actor'
import { type Bus, decodeEnvelope } from '@kinora/common/bus'
import type { Handler } from '@kinora/common/contract'
import { type media, NO_CONTROL, type Parked } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import { z } from 'zod'
import { parseReceipt, RECEIPTS } from '../background/uploads.ts'
import type { Context } from '../context.ts'
import { SUBSCRIBED_EVENTS } from '../events/index.ts'
import { transact } from '../operations/transact.ts'
import {
  findParked,
  noteAction,
  type ParkedRow,
  listParked as pageOfParked,
  takeParked,
} from '../repositories/parked.ts'

/**
 * Sends a message again before the commit that takes it out of the parking lot: a crash between the two leaves it there, sent,
 * and what is heard twice counts once. What fails again is parked again.
 */
export function redriveParked(ctx: Context, bus: Bus): Handler<typeof media.redriveParked> {
  return async ({ parkedId }, call) => {
    administratorOnly(call.actor)
    await transact(ctx, async (tx) => {
      const row = await takeParked(tx, parkedId)
      if (!row) throw new AppError('PARKED_NOT_FOUND')
      if (!isReadable(row)) throw new AppError('PARKED_UNREADABLE')
      await noteAction(tx, call, 'parked_redrive', parkedId)
      if (row.origin === RECEIPTS) await ctx.store.put(keys.receipt(row.id), row.body)
      else await bus.redrive({ group: row.origin, id: row.id, type: row.type, body: row.body })
    })
    return {}
  }
}

/** By this version of the software; one that parked it may have known less. */
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
  return async ({ parkedId }, call) => {
    administratorOnly(call.actor)
    await transact(ctx, async (tx) => {
      if (!(await takeParked(tx, parkedId))) throw new AppError('PARKED_NOT_FOUND')
      await noteAction(tx, call, 'parked_discard', parkedId)
    })
    return {}
  }
}

export function getParked(ctx: Context): Handler<typeof media.getParked> {
  return async ({ parkedId }, { actor }) => {
    administratorOnly(actor)
    const row = await findParked(ctx.db, parkedId)
    if (!row) throw new AppError('PARKED_NOT_FOUND')
    return { ...toParked(row), body: row.body }
  }
}

const Place = z.tuple([z.iso.datetime(), z.string().max(200).regex(NO_CONTROL)])

export function listParked(ctx: Context): Handler<typeof media.listParked> {
  return async ({ limit, cursor }, { actor }) => {
    administratorOnly(actor)
    const after = cursor === undefined ? undefined : positionAt(cursor)
    // One more than asked for tells whether there is a next page.
    const rows = await pageOfParked(ctx.db, { limit: limit + 1, after })
    const page = rows.slice(0, limit)
    const last = rows.length > limit ? page.at(-1) : undefined
    const nextCursor = last ? encodeCursor([last.parked_at.toISOString(), last.id]) : null
    return { items: page.map(toParked), nextCursor }
  }
}

function positionAt(cursor: string): { parkedAt: string; id: string } {
  const [parkedAt, id] = decodeCursor(cursor, Place)
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
