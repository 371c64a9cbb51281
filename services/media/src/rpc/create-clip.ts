import { randomUUID } from 'node:crypto'
import type { Handler, Input } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredWatermark } from '../db/stored.ts'
import { rangeOfClip } from '../domain/clip.ts'
import { assertWithinStoredBytes, quotaFor } from '../domain/quota.ts'
import { userOf } from '../domain/visibility.ts'
import { changeWithin } from '../operations/change-video.ts'
import { assertMayAddVideo } from '../operations/limits.ts'
import { registerSource } from '../operations/register-source.ts'
import { assertSourceStored } from '../operations/remove-source.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { lockQuota, sourceRetention, usageOf } from '../repositories/project-limits.ts'
import { insertClip, lockForReference } from '../repositories/videos.ts'
import { byEditor } from './guards.ts'
import { toVideo } from './video-view.ts'

/** A clip has its own source, a second name for the same bytes, and is processed like any upload. */
export function createClip(ctx: Context): Handler<typeof media.createClip> {
  return byEditor<typeof media.createClip>(ctx, async (input, { project_id: projectId }, call) => {
    const ownerId = userOf(call.actor)
    const clip = await transact(
      ctx,
      async (tx) => {
        if (await isErased(tx, projectId)) throw new AppError('ACCOUNT_ERASED')
        const parent = await lockForReference(tx, input.videoId)
        if (!parent) throw new AppError('VIDEO_NOT_FOUND')
        return await clipOf(ctx, tx, parent, ownerId, input)
      },
      { call, evict: () => projectId },
    )
    return toVideo(ctx, clip, call.actor)
  })
}

/** Copies whose transaction fails belong to no video, and are swept like an upload that was never registered. */
async function clipOf(
  ctx: Context,
  tx: Tx,
  parent: VideoRow,
  ownerId: string,
  { start, end, title = parent.title }: Input<typeof media.createClip>,
): Promise<VideoRow> {
  const {
    facts,
    source_key: sourceKey,
    source_sha256: sha256,
    source_filename: filename,
    project_id: projectId,
    allowed_domains: allowedDomains,
  } = parent
  assertSourceStored(parent)
  if (parent.status !== 'ready' || !facts || sourceKey === null || sha256 === null)
    throw new AppError('VIDEO_NOT_READY')
  const range = rangeOfClip({ facts, clip: parent.clip }, { start, end })
  const bytes = Number(parent.source_bytes)
  await lockQuota(tx, projectId)
  await assertMayAddVideo(ctx, tx, projectId)
  const usage = await usageOf(tx, ctx.config, projectId)
  quotaFor(bytes, usage)
  const picture = parent.watermark?.picture.bytes ?? 0
  assertWithinStoredBytes({ ...usage, bytes: usage.bytes + bytes + picture })
  const [id, uploadId] = [randomUUID(), randomUUID()]
  const storageKey = keys.source(id, uploadId)
  await ctx.store.copy(sourceKey, storageKey)
  const watermark = parent.watermark && (await copyWatermark(ctx, parent.watermark, id))
  const kept = await sourceRetention(tx, ctx.config, projectId)
  const video = await insertClip(tx, { id, ownerId, projectId, title, allowedDomains, ...kept }, range, watermark)
  const upload = { uploadId, storageKey, filename, bytes, sha256 }
  const registered = await changeWithin(ctx, tx, id, () => registerSource(tx, video.id, upload))
  if (!registered) throw new Error('the row of a new clip is missing')
  return registered
}

/** The parent's source has no watermark in its frames, so the clip needs one, too. */
async function copyWatermark({ store }: Context, of: StoredWatermark, clipId: string): Promise<StoredWatermark> {
  const key = keys.watermark(clipId, randomUUID())
  await store.copy(of.key, key)
  return { ...of, key }
}
