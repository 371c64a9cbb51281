import type { Actor } from '@kinora/common/contract'
import type { Video } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { ownerLinkExpiry } from '../domain/playback-token.ts'
import { isOwner } from '../domain/visibility.ts'
import { playbackUrls } from './playback-urls.ts'

/** A row as the API shows it to this viewer, who may see it. */
export function asVideo(ctx: Context, row: VideoRow, viewer: Actor): Video {
  const owned = isOwner(viewer, row)
  return {
    id: row.id,
    ownerId: row.owner_id,
    title: row.title,
    description: row.description,
    tags: row.tags,
    visibility: row.visibility,
    status: row.status,
    playable: row.playable,
    progress: { percent: row.percent, stage: row.stage },
    source: sourceOf(row, owned),
    renditions: row.renditions,
    playback: row.playable ? playbackUrls(ctx, row, referenceTo(ctx, row)) : null,
    error: owned ? row.error : null,
    createdAt: row.created_at.toISOString(),
    updatedAt: row.updated_at.toISOString(),
    readyAt: row.ready_at?.toISOString() ?? null,
  }
}

function sourceOf(row: VideoRow, owned: boolean): Video['source'] {
  if (row.source_bytes === null || row.source_sha256 === null) return null
  const { facts } = row
  return {
    // What the owner called the file on his machine is his business.
    filename: owned ? row.source_filename : null,
    bytes: Number(row.source_bytes),
    sha256: row.source_sha256,
    container: facts?.container ?? null,
    durationSeconds: facts?.durationSeconds ?? null,
    width: facts?.video.width ?? null,
    height: facts?.video.height ?? null,
    frameRate: facts ? facts.video.frameRate.num / facts.video.frameRate.den : null,
    videoCodec: facts?.video.codec ?? null,
    audioCodec: facts?.audio?.codec ?? null,
  }
}

/** Public and unlisted videos play by their id. Only its owner sees a private one; his addresses carry a token. */
function referenceTo(ctx: Context, row: VideoRow): string {
  if (row.visibility !== 'private') return row.id
  return ctx.signer.sign({ video: row.id, exp: ownerLinkExpiry(new Date()) })
}
