import { createHash } from 'node:crypto'
import type { Handler, Output } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { cursorAt, positionAt } from '../domain/cursor.ts'
import { listVideos as findVideos, positionOf } from '../repositories/videos.ts'
import { asVideo } from './as-video.ts'

export function listVideos(ctx: Context): Handler<typeof media.listVideos> {
  return async (input, { actor }) => {
    const ownerId = userOf(actor)
    const { limit, cursor, sort, ...filter } = input
    const after = cursor === undefined ? null : positionAt(cursor, sort)

    async function load(): Promise<Output<typeof media.listVideos>> {
      // One more than asked for tells whether there is a next page.
      const rows = await findVideos(ctx.db, ownerId, filter, { sort, limit: limit + 1, after })
      const page = rows.slice(0, limit)
      const last = rows.length > limit ? page.at(-1) : undefined
      return {
        items: page.map((row) => asVideo(ctx, row, actor)),
        nextCursor: last ? cursorAt(positionOf(last, sort), sort) : null,
      }
    }

    return await ctx.cache.read(ownerId, `list:${ownerId}:${digest(input)}`, load)
  }
}

function digest(input: object): string {
  return createHash('sha256').update(JSON.stringify(input)).digest('base64url')
}
