import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { VideoRow } from '../db/schema.ts'
import { queueQuarantine } from '../repositories/deletions.ts'
import { addSourceEvent, forgetSource, recallSource } from '../repositories/sources.ts'
import { changeVideo } from './change-video.ts'

/** Throws `SOURCE_REMOVED`. */
export function assertSourceStored({ source_removed_at: removedAt }: VideoRow): void {
  if (removedAt !== null) throw new AppError('SOURCE_REMOVED')
}

/**
 * Removes the source of a video that is ready, which plays on. The file goes to quarantine, in case a clock was wrong, and no
 * longer counts for the quota. False where the time was put off or a task needs the source.
 */
export async function removeSource(ctx: Context, videoId: string): Promise<boolean> {
  const changed = await changeVideo(ctx, videoId, async (tx, video) => {
    const { source_key: key, project_id: projectId, source_bytes: bytes } = video
    if (key === null || !(await forgetSource(tx, videoId))) return false
    await queueQuarantine(tx, { key, folder: false }, projectId)
    const detail = `The source (${bytes} bytes) was removed; the video plays on.`
    await addSourceEvent(tx, videoId, { at: ctx.now().toISOString(), event: 'removed', detail })
    return true
  })
  return changed?.result ?? false
}

const SOURCES = /^sources\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/

/** For a folder that was restored from quarantine: a source in it that was removed belongs to its video again, and is kept. */
export async function recallRestoredSource(ctx: Context, folder: string): Promise<void> {
  const [, videoId] = SOURCES.exec(folder) ?? []
  if (videoId === undefined) return
  await changeVideo(ctx, videoId, async (tx, { upload_id: uploadId, source_removed_at: removedAt }) => {
    const key = uploadId && keys.source(videoId, uploadId)
    if (!key || removedAt === null || !(await ctx.store.stat(key))) return
    await recallSource(tx, videoId, key)
    const detail = 'The source was restored from quarantine, and is kept.'
    await addSourceEvent(tx, videoId, { at: ctx.now().toISOString(), event: 'restored', detail })
  })
}
