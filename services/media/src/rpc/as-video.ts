import type { Actor } from '@kinora/common/contract'
import type { Video } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { ownerLinkExpiry } from '../domain/playback-token.ts'
import { videoFacts } from '../domain/video-facts.ts'
import { isOwner } from '../domain/visibility.ts'
import { playbackUrls } from './playback-urls.ts'

/** A row as the API shows it to this viewer, who may see it. */
export function asVideo(ctx: Context, row: VideoRow, viewer: Actor): Video {
  const facts = videoFacts(row)
  const playback = row.playable ? playbackUrls(ctx, row, referenceTo(ctx, row)) : null
  if (isOwner(viewer, row)) return { ...facts, playback }
  // What the owner called the file on his machine is his business.
  return { ...facts, source: facts.source && { ...facts.source, filename: null }, playback, error: null }
}

/** Public and unlisted videos play by their id. Only its owner sees a private one; his addresses carry a token. */
function referenceTo(ctx: Context, row: VideoRow): string {
  if (row.visibility !== 'private') return row.id
  return ctx.signer.sign({ video: row.id, exp: ownerLinkExpiry(new Date()), download: true })
}
