import { randomUUID } from 'node:crypto'
import type { Handler, Input } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredWatermark } from '../db/stored.ts'
import { rangeOfClip } from '../domain/clip.ts'
import { roomFor } from '../domain/quota.ts'
import { assertOwner, userOf } from '../domain/visibility.ts'
import { settleLocked } from '../operations/change-video.ts'
import { registerSource } from '../operations/register-source.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-owners.ts'
import { lockRoom, standingOf } from '../repositories/owner-limits.ts'
import { insertClip, keepVideo } from '../repositories/videos.ts'
import { asVideo } from './video-view.ts'

/** A clip has a source of its own, a second name for the same bytes, and is worked on like any upload. */
export function createClip(ctx: Context): Handler<typeof media.createClip> {
  return async (input, { actor }) => {
    const ownerId = userOf(actor)
    const clip = await transact(
      ctx,
      async (tx) => {
        if (await isErased(tx, ownerId)) throw new AppError('ACCOUNT_ERASED')
        const parent = await keepVideo(tx, input.videoId)
        if (!parent) throw new AppError('VIDEO_NOT_FOUND')
        assertOwner(actor, parent)
        return await clipOf(ctx, tx, parent, input)
      },
      { evict: () => ownerId },
    )
    return asVideo(ctx, clip, actor)
  }
}

/** Copies whose transaction fails belong to no video, and are swept like an upload that nobody registered. */
async function clipOf(
  ctx: Context,
  tx: Tx,
  parent: VideoRow,
  { start, end, title = parent.title }: Input<typeof media.createClip>,
): Promise<VideoRow> {
  const { facts, source_key: sourceKey, source_sha256: sha256, source_filename: filename, owner_id: ownerId } = parent
  if (parent.status !== 'ready' || !facts || sourceKey === null || sha256 === null)
    throw new AppError('VIDEO_NOT_READY')
  const range = rangeOfClip({ facts, clip: parent.clip }, { start, end })
  const bytes = Number(parent.source_bytes)
  await lockRoom(tx, ownerId)
  roomFor(bytes, await standingOf(tx, ctx.config, ownerId))
  const [id, uploadId] = [randomUUID(), randomUUID()]
  const storageKey = keys.source(id, uploadId)
  await ctx.store.copy(sourceKey, storageKey)
  const watermark = parent.watermark && (await copyWatermark(ctx, parent.watermark, id))
  const video = await insertClip(tx, { id, ownerId, title }, range, watermark)
  const upload = { uploadId, storageKey, filename, bytes, sha256 }
  const settled = await settleLocked(tx, id, () => registerSource(tx, video, upload))
  if (!settled) throw new Error('a video that was just made is there')
  return settled
}

/** The parent's source has no mark, so that the clip needs its own. */
async function copyWatermark({ store }: Context, of: StoredWatermark, clipId: string): Promise<StoredWatermark> {
  const key = keys.watermark(clipId, randomUUID())
  await store.copy(of.key, key)
  return { ...of, key }
}
