import { administratorOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { decodeCursor, encodeCursor } from '@kinora/common/cursor'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { type AuditPage, auditFolders } from '../operations/storage-audit/audit-folders.ts'
import { auditVideo } from '../operations/storage-audit/audit-video.ts'
import { videoIdsAfter } from '../repositories/stored-video.ts'

/** Of which the files are listed for one page, and for how many at once. */
const VIDEOS = 20
const AT_ONCE = 5

const BEGINNING = ''
const Place = z.union([
  z.tuple([z.literal('rows'), z.uuid().or(z.literal(BEGINNING))]),
  z.tuple([z.enum(['videos', 'sources']), z.string().max(300)]),
])
type Place = z.output<typeof Place>

/** First the videos by their rows, then the folders of the store. */
const AFTER: Record<Place[0], Place | null> = {
  rows: ['videos', BEGINNING],
  videos: ['sources', BEGINNING],
  sources: null,
}

export function auditStorage(ctx: Context): Handler<typeof media.auditStorage> {
  return async ({ cursor }, { actor }) => {
    administratorOnly(actor)
    const [step, after]: Place = cursor === undefined ? ['rows', BEGINNING] : decodeCursor(cursor, Place)
    const { items, looked, last } =
      step === 'rows' ? await auditVideos(ctx, after) : await auditFolders(ctx, step, after)
    const next = last === null ? AFTER[step] : [step, last]
    return { items, looked, nextCursor: next && encodeCursor(next) }
  }
}

async function auditVideos(ctx: Context, after: string): Promise<AuditPage> {
  const ids = await videoIdsAfter(ctx.db, after === BEGINNING ? undefined : after, VIDEOS)
  const items: AuditPage['items'] = []
  for (let at = 0; at < ids.length; at += AT_ONCE) {
    const found = await Promise.all(ids.slice(at, at + AT_ONCE).map((id) => auditVideo(ctx, id)))
    items.push(...found.flat())
  }
  return { items, looked: ids.length, last: ids.length === VIDEOS ? (ids.at(-1) ?? null) : null }
}
