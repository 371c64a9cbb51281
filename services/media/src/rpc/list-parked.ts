import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import { type media, NO_CONTROL } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { listParked as findParked } from '../repositories/parked.ts'
import { toParked } from './to-parked.ts'

const Place = z.tuple([z.iso.datetime(), z.string().max(200).regex(NO_CONTROL)])

export function listParked(ctx: Context): Handler<typeof media.listParked> {
  return async ({ limit, cursor }, { actor }) => {
    administratorOnly(actor)
    const after = cursor === undefined ? undefined : positionAt(cursor)
    // One more than asked for tells whether there is a next page.
    const rows = await findParked(ctx.db, { limit: limit + 1, after })
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
