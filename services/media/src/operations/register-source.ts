import { randomUUID } from 'node:crypto'
import { buffer } from 'node:stream/consumers'
import type { Actor } from '@kinora/common/contract'
import type { WebFile } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { assertMay, defaultProjectOf } from '@kinora/common/project-access'
import { keys, type StorageKey } from '@kinora/common/storage'
import { readWebFile } from '@kinora/formats/web-file'
import type { Context } from '../context.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { probeTask } from '../domain/plan.ts'
import { shownFilename } from '../domain/source-type.ts'
import { isFolderDeleted, queueFileDeletion, queueFolderDeletion, queueQuarantine } from '../repositories/deletions.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { findReplacement, insertReplacement, recordReplacement } from '../repositories/replacements.ts'
import { addSourceEvent } from '../repositories/sources.ts'
import { addTasks } from '../repositories/tasks.ts'
import { completeUploadRow, deleteUploadRow, findUpload } from '../repositories/uploads.ts'
import { recordSource, type Source } from '../repositories/video-states.ts'
import { changeVideo, changeWithin } from './change-video.ts'
import { transact } from './transact.ts'

/** Who registers a source: a caller, by the role or the link at the end of the upload, or media for the project of the upload. */
type Registrar = { actor: Actor } | { projectId: string }

function assertMayRegister(by: Registrar, video: VideoRow): void {
  if ('actor' in by && by.actor.kind === 'upload-link') {
    if (by.actor.linkId !== video.upload_link_id) throw new AppError('VIDEO_NOT_FOUND')
  } else if ('actor' in by) assertMay(by.actor, video.project_id, 'edit', 'VIDEO_NOT_FOUND')
  else if (by.projectId !== video.project_id) throw new AppError('VIDEO_NOT_FOUND')
}

function projectOf(by: Registrar): string {
  if (!('actor' in by)) return by.projectId
  return by.actor.kind === 'upload-link' ? by.actor.projectId : defaultProjectOf(by.actor)
}

/**
 * Registers a source of which all bytes are durable; once per upload, however often it is called. A source that is to replace
 * another is processed beside it. When the video has another source and keeps it, or was deleted, the file is removed and the error gives the reason. The file of a video that the database
 * does not know goes to quarantine.
 */
export async function registerUpload(
  ctx: Context,
  by: Registrar,
  { videoId, ...source }: Source & { videoId: string },
): Promise<VideoRow> {
  const { uploadId, storageKey } = source
  if (storageKey !== keys.source(videoId, uploadId)) {
    const message = 'is not the key of this upload'
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'storageKey', message }] })
  }
  const webFile = await webFileOf(ctx, storageKey, source.bytes)
  const changed = await changeVideo(ctx, videoId, async (tx, video) => {
    assertMayRegister(by, video)
    if (video.upload_id === null) await registerSource(tx, video.id, source, webFile)
    const isOther = video.upload_id !== null && video.upload_id !== uploadId
    const lost = isOther && !(await beginReplacement(ctx, tx, video, source))
    if (lost) await queueFileDeletion(tx, storageKey)
    await endUpload(tx, uploadId, lost)
    return { lost }
  })
  if (!changed) {
    await transact(ctx, (tx) => disposeOfSource(tx, projectOf(by), videoId, storageKey))
    throw new AppError('VIDEO_NOT_FOUND')
  }
  if (changed.result.lost) throw new AppError('SOURCE_ALREADY_UPLOADED')
  return changed.video
}

async function disposeOfSource(tx: Tx, projectId: string, videoId: string, storageKey: string): Promise<void> {
  const wasDeleted = (await isFolderDeleted(tx, keys.sourceFolder(videoId))) || (await isErased(tx, projectId))
  if (wasDeleted) await queueFileDeletion(tx, storageKey)
  else await queueQuarantine(tx, { key: storageKey, folder: false })
}

/** Time for the boxes of a file in a remote store: its client waits. */
const MAX_READ_MS = 1500

/** How browsers play a source; null where they do not, and where that cannot be found out now. */
async function webFileOf({ store, logger }: Context, key: StorageKey, size: number): Promise<WebFile | null> {
  const deadline = performance.now() + MAX_READ_MS
  const read = async (start: number, bytes: number) => {
    if (performance.now() > deadline) throw new Error('the store is too slow')
    return await buffer(store.read(key, { start, end: start + bytes - 1 }))
  }
  return await readWebFile({ size, read }).catch((error: unknown) => {
    logger.debug({ err: error, key }, 'a source is not played before it is processed')
    return null
  })
}

/** Gives a video its source and its first task. */
export async function registerSource(
  tx: Tx,
  videoId: string,
  source: Source,
  webFile: WebFile | null = null,
): Promise<void> {
  await recordSource(tx, videoId, { ...source, filename: shownFilename(source.filename) }, webFile)
  await addTasks(tx, videoId, [probeTask(source.storageKey)])
}

/**
 * A source whose upload was begun to replace the one of this video: it is processed as a row of its own, which takes its place
 * when it is ready. False for an upload that was not, so that it has lost against another.
 */
async function beginReplacement(ctx: Context, tx: Tx, video: VideoRow, source: Source): Promise<boolean> {
  if (isSameFile(video, source)) {
    await queueFileDeletion(tx, source.storageKey)
    return true
  }
  const running = await findReplacement(tx, video.id)
  // Registered before, and the answer was lost.
  if (running?.upload_id === source.uploadId) return true
  const upload = await findUpload(tx, source.uploadId)
  if (running || !upload?.replaces || upload.completed_at !== null) return false
  const { id } = await insertReplacement(tx, randomUUID(), video)
  await changeWithin(ctx, tx, id, () => registerSource(tx, id, source))
  const startedAt = ctx.now().toISOString()
  await recordReplacement(tx, video.id, { status: 'processing', percent: 0, startedAt, error: null })
  const detail = `A new source (${source.bytes} bytes) arrived; the video changes when it is ready.`
  await addSourceEvent(tx, video.id, { at: startedAt, event: 'replacing', detail })
  return true
}

/** The file that the video is made of: a request that was sent again changes nothing. */
function isSameFile({ status, clip, source_key: key, source_sha256: sha256, source_bytes }: VideoRow, source: Source) {
  const isStored = status === 'ready' && clip === null && key !== null
  return isStored && sha256 === source.sha256 && Number(source_bytes) === source.bytes
}

/**
 * Ends an upload whose source is registered, or that lost against another upload of the video. A resumable one is kept for
 * a while, for a client that did not receive the response.
 */
async function endUpload(tx: Tx, uploadId: string, lost: boolean): Promise<void> {
  const row = await completeUploadRow(tx, uploadId)
  if (!row) return
  await queueFolderDeletion(tx, keys.pieces(row.video_id, uploadId), row.project_id)
  if (lost || !row.resumable) await deleteUploadRow(tx, uploadId)
}
