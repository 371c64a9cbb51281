import { randomUUID } from 'node:crypto'
import type { Actor, Handler } from '@kinora/common/contract'
import type { media, ResumableUpload } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { Tx, UploadRow } from '../db/schema.ts'
import { assertOwner, userOf } from '../domain/visibility.ts'
import { changeVideo } from '../operations/change-video.ts'
import { registerUpload } from '../operations/register-source.ts'
import { beginHeadStart as begin } from '../operations/speculative-segments.ts'
import { transact } from '../operations/transact.ts'
import { assertAwaitsSource, assertDeclaredAsVideo, giveUp, piecesOf, reserve, settle } from '../operations/uploads.ts'
import { findUpload, keepUpload as keep, lockUpload, touchUpload } from '../repositories/uploads.ts'
import { findVideo } from '../repositories/videos.ts'
import { asVideo } from './video-view.ts'

/** Keeps room for the upload. Of several uploads of one video that begin, the first that is complete wins. */
export function beginUpload(ctx: Context): Handler<typeof media.beginUpload> {
  return async ({ videoId, contentType, filename, bytes }, { actor }) => {
    const row = await findVideo(ctx.db, videoId)
    if (!row) throw new AppError('VIDEO_NOT_FOUND')
    assertOwner(actor, row)
    assertAwaitsSource(row)
    assertDeclaredAsVideo(contentType, filename)
    const upload = { id: randomUUID(), videoId, ownerId: row.owner_id, resumable: false, madeVideo: false }
    const reserved = await transact(ctx, (tx) => reserve(ctx, tx, { ...upload, bytes, filename, metadata: null }))
    const storageKey = keys.source(videoId, upload.id)
    return { uploadId: upload.id, storageKey, maxBytes: Number(reserved.bytes), video: asVideo(ctx, row, actor) }
  }
}

export function completeUpload(ctx: Context): Handler<typeof media.completeUpload> {
  return async (input, { actor }) => asVideo(ctx, await registerUpload(ctx, userOf(actor), input), actor)
}

export function settleUpload(ctx: Context): Handler<typeof media.settleUpload> {
  return async ({ uploadId }, { actor }) =>
    await transact(ctx, async (tx) => {
      const row = await lockUpload(tx, uploadId, userOf(actor))
      await settle(tx, ctx.store, row)
      const settled = await touchUpload(tx, uploadId, ctx.config.UPLOAD_EXPIRY_SECONDS, null)
      return await describeUpload(ctx, tx, settled, actor)
    })
}

export function keepUpload(ctx: Context): Handler<typeof media.keepUpload> {
  return async ({ uploadId, pieceId = null }, { actor }) => {
    const ownerId = userOf(actor)
    if (await keep(ctx.db, { uploadId, ownerId, pieceId }, ctx.config.UPLOAD_EXPIRY_SECONDS)) return {}
    const row = await findUpload(ctx.db, uploadId)
    throw new AppError(row?.owner_id === ownerId ? 'UPLOAD_SUPERSEDED' : 'UPLOAD_NOT_FOUND')
  }
}

export function abandonUpload(ctx: Context): Handler<typeof media.abandonUpload> {
  return async ({ uploadId }, { actor }) => {
    const ownerId = userOf(actor)
    const row = await findUpload(ctx.db, uploadId)
    if (!row || row.owner_id !== ownerId) throw new AppError('UPLOAD_NOT_FOUND')
    await transact(ctx, (tx) => giveUp(tx, row, 'asked'), { evict: () => ownerId })
    return {}
  }
}

export function beginHeadStart(ctx: Context): Handler<typeof media.beginHeadStart> {
  return async ({ uploadId, bytes }, { actor }) => {
    const upload = await findUpload(ctx.db, uploadId)
    if (upload?.owner_id !== userOf(actor)) throw new AppError('UPLOAD_NOT_FOUND')
    const { video_id: videoId } = upload
    const beginning = { key: keys.beginning(videoId, uploadId), share: Math.min(1, bytes / Number(upload.bytes)) }
    const changed = await changeVideo(ctx, videoId, (tx, video) => begin(tx, video, beginning))
    return { wanted: changed?.result ?? false }
  }
}

/** A settled upload as gateways see it. */
export async function describeUpload(ctx: Context, tx: Tx, row: UploadRow, actor: Actor): Promise<ResumableUpload> {
  const { id, video_id: videoId, bytes, received, metadata, expires_at, completed_at } = row
  const unfinished = completed_at === null && received === bytes
  return {
    uploadId: id,
    videoId,
    bytes: Number(bytes),
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
    pieces: await piecesOf(tx, row),
    storageKey: keys.source(videoId, id),
    filename,
    video: asVideo(ctx, video, actor),
  }
}
