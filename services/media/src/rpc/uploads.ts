import { randomUUID } from 'node:crypto'
import type { Actor, Handler } from '@kinora/common/contract'
import type { media, ResumableUpload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { assertMay } from '@kinora/common/project-access'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Db, Tx, UploadRow } from '../db/schema.ts'
import { userOf } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { registerUpload } from '../operations/register-source.ts'
import { beginSpeculation } from '../operations/speculative-segments.ts'
import { transact } from '../operations/transact.ts'
import { abortUpload, assertMayBeVideo, replacesSource, reserve, sealPart } from '../operations/uploads.ts'
import {
  findUpload,
  hasArrived,
  keepUpload as keep,
  lockUpload,
  recordDeclaration,
  touchUpload,
  uploadParts,
} from '../repositories/uploads.ts'
import { findVideo } from '../repositories/videos.ts'
import { byEditor, byUploader } from './guards.ts'
import { toVideo } from './video-view.ts'

/** Reserves quota for the upload: of a first source, or of one that takes the place of another. */
export function beginUpload(ctx: Context): Handler<typeof media.beginUpload> {
  return byEditor<typeof media.beginUpload>(ctx, async (input, video, { actor }) => {
    const { videoId, contentType, filename, bytes } = input
    const replaces = replacesSource(video)
    assertMayBeVideo(contentType)
    const of = { videoId, ownerId: userOf(actor), projectId: video.project_id }
    const upload = { id: randomUUID(), ...of, resumable: false, madeVideo: false, replaces }
    const reserved = await transact(ctx, (tx) => reserve(ctx, tx, { ...upload, bytes, filename, metadata: null }))
    const storageKey = keys.source(videoId, upload.id)
    return { uploadId: upload.id, storageKey, maxBytes: Number(reserved.bytes), video: toVideo(ctx, video, actor) }
  })
}

export function completeUpload(ctx: Context): Handler<typeof media.completeUpload> {
  return byUploader<typeof media.completeUpload>(
    ctx,
    async (input, _userId, { actor }) => toVideo(ctx, await registerUpload(ctx, { actor }, input), actor),
    'VIDEO_NOT_FOUND',
  )
}

export function settleUpload(ctx: Context): Handler<typeof media.settleUpload> {
  return byUploader<typeof media.settleUpload>(
    ctx,
    async ({ uploadId, wholeByLength }, _userId, { actor }) =>
      await transact(ctx, async (tx) => {
        const row = await lockUpload(tx, uploadId, uploadGuard(actor))
        await sealPart(tx, ctx.store, row)
        if (wholeByLength && row.open) await recordDeclaration(tx, uploadId, { length: null, open: false })
        const sealed = await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, null)
        return await toUpload(ctx, tx, sealed, actor)
      }),
  )
}

export function keepUpload(ctx: Context): Handler<typeof media.keepUpload> {
  const { db, config } = ctx
  return byUploader<typeof media.keepUpload>(ctx, async ({ uploadId, pieceId = null }, _userId, { actor }) => {
    await allowedUpload(db, uploadId, actor)
    if (await keep(db, { uploadId, pieceId }, config.UPLOAD_EXPIRY_SECONDS)) return {}
    throw new AppError('UPLOAD_SUPERSEDED')
  })
}

export function abandonUpload(ctx: Context): Handler<typeof media.abandonUpload> {
  return byUploader<typeof media.abandonUpload>(ctx, async ({ uploadId }, _userId, call) => {
    const row = await allowedUpload(ctx.db, uploadId, call.actor)
    await transact(ctx, (tx) => abortUpload(ctx, tx, row, 'asked'), { call, evict: () => row.project_id })
    return {}
  })
}

export function beginHeadStart(ctx: Context): Handler<typeof media.beginHeadStart> {
  return byUploader<typeof media.beginHeadStart>(ctx, async ({ uploadId, bytes }, _userId, { actor }) => {
    const upload = await allowedUpload(ctx.db, uploadId, actor)
    const { video_id: videoId } = upload
    const beginning = { key: keys.beginning(videoId, uploadId), share: Math.min(1, bytes / Number(upload.bytes)) }
    const changed = await changeVideo(ctx, videoId, (tx, video) => beginSpeculation(tx, video, beginning))
    return { wanted: changed?.result ?? false }
  })
}

/**
 * Checks that the caller may upload to the project of an upload, or that it came by the caller's link; to strangers it does not
 * exist.
 */
export function uploadGuard(actor: Actor): (row: UploadRow) => void {
  return ({ project_id: projectId, upload_link_id: linkId }) => {
    if (actor.kind !== 'upload-link') assertMay(actor, projectId, 'edit', 'UPLOAD_NOT_FOUND')
    else if (linkId !== actor.linkId) throw new AppError('UPLOAD_NOT_FOUND')
  }
}

async function allowedUpload(db: Db, uploadId: string, actor: Actor): Promise<UploadRow> {
  const row = await findUpload(db, uploadId)
  if (!row) throw new AppError('UPLOAD_NOT_FOUND')
  uploadGuard(actor)(row)
  return row
}

/** An upload without an open part, as gateways see it. */
export async function toUpload(ctx: Context, tx: Tx, row: UploadRow, actor: Actor): Promise<ResumableUpload> {
  const { id, video_id: videoId, bytes, received, length_known, metadata, expires_at, completed_at } = row
  const unfinished = completed_at === null && hasArrived(row)
  return {
    uploadId: id,
    videoId,
    bytes: Number(bytes),
    lengthKnown: length_known,
    offset: Number(received),
    metadata,
    expiresAt: expires_at.toISOString(),
    completed: completed_at !== null,
    finish: unfinished ? await finishOf(ctx, tx, row, actor) : null,
  }
}

async function finishOf(ctx: Context, tx: Tx, row: UploadRow, actor: Actor): Promise<ResumableUpload['finish']> {
  const { id, video_id: videoId, filename } = row
  const video = await findVideo(tx, videoId)
  if (!video) throw new AppError('UPLOAD_NOT_FOUND')
  return {
    pieces: await uploadParts(tx, row),
    storageKey: keys.source(videoId, id),
    filename,
    video: toVideo(ctx, video, actor),
  }
}
