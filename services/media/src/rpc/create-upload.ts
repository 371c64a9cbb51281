import { randomUUID } from 'node:crypto'
import type { Handler, Input } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { assertMay, defaultProjectOf } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { titleOf } from '../domain/source-type.ts'
import { announcedLength } from '../domain/upload-length.ts'
import { assertMayWith } from '../domain/visibility.ts'
import { assertMayAddVideo } from '../operations/limits.ts'
import { transact } from '../operations/transact.ts'
import { assertMayBeVideo, replacesSource, reserve } from '../operations/uploads.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { sourceRetention } from '../repositories/project-limits.ts'
import { findVideo, insertVideo } from '../repositories/videos.ts'
import { byUser } from './guards.ts'
import { toUpload } from './uploads.ts'

export function createUpload(ctx: Context): Handler<typeof media.createUpload> {
  return byUser<typeof media.createUpload>(async (input, ownerId, { actor }) => {
    assertMayBeVideo(input.contentType)
    const { bytes, open } = announcedLength(input)
    let projectId: string | undefined
    return await transact(
      ctx,
      async (tx) => {
        const own = input.videoId === undefined ? null : await findVideo(tx, input.videoId)
        if (own === undefined) throw new AppError('VIDEO_NOT_FOUND')
        projectId = own?.project_id ?? input.projectId ?? defaultProjectOf(actor)
        if (own) assertMayWith(own, actor, 'edit')
        else assertMay(actor, projectId, 'edit', 'PROJECT_NOT_FOUND')
        if (await isErased(tx, projectId)) throw new AppError('ACCOUNT_ERASED')
        const replaces = own !== null && replacesSource(own)
        const video = own ?? (await createVideo(ctx, tx, { ownerId, projectId }, input))
        const { filename, metadata } = input
        const about = { id: randomUUID(), ownerId, projectId, videoId: video.id }
        const upload = { ...about, resumable: true, madeVideo: own === null, replaces }
        const row = await reserve(ctx, tx, { ...upload, bytes, open, filename, metadata })
        return await toUpload(ctx, tx, row, actor)
      },
      { evict: () => projectId },
    )
  })
}

async function createVideo(
  ctx: Context,
  tx: Tx,
  { ownerId, projectId }: { ownerId: string; projectId: string },
  { title, filename, externalId, videoMetadata: metadata }: Input<typeof media.createUpload>,
): Promise<VideoRow> {
  await assertMayAddVideo(ctx, tx, projectId)
  const text = { title: title ?? titleOf(filename), description: '', tags: [], externalId, metadata }
  const about = { id: randomUUID(), ownerId, projectId, ...(await sourceRetention(tx, ctx.config, projectId)) }
  return await insertVideo(tx, { ...about, ...text, visibility: 'private' })
}
