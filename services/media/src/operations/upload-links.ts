import { randomUUID } from 'node:crypto'
import { events, type SourceFacts, type TaskCause } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { Tx, UploadRow, VideoRow } from '../db/schema.ts'
import { titleOf } from '../domain/source-type.ts'
import { assertLinkTakes, refusalOfUse, typeFault } from '../domain/upload-links.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { sourceRetention } from '../repositories/project-limits.ts'
import { findLink, revokeLink, takeUse } from '../repositories/upload-links.ts'
import { openUploadsOfLink } from '../repositories/uploads.ts'
import { insertVideo } from '../repositories/videos.ts'
import { assertMayAddVideo } from './limits.ts'
import { transact } from './transact.ts'
import { abortUpload, assertMayBeVideo, reserve } from './uploads.ts'

interface AnnouncedFile {
  filename: string | null
  contentType: string | null
  /** Null where the length is not known. */
  bytes: number | null
}

/**
 * Begins an upload by a link: takes one of its uses, creates the video and reserves quota of the project. The use comes back with
 * an upload that ends without a source.
 */
export async function beginByLink(
  ctx: Context,
  tx: Tx,
  linkId: string,
  file: AnnouncedFile,
  how: { resumable: boolean; metadata: string | null; open: boolean },
): Promise<{ upload: UploadRow; video: VideoRow }> {
  // First, so that of several requests for the last use one passes, and the others wait here for its commit.
  const link = await takeUse(tx, linkId)
  if (!link) throw refusalOfUse(await findLink(tx, linkId), ctx.now())
  assertLinkTakes(link, file)
  assertMayBeVideo(file.contentType)
  const of = { ownerId: link.owner_id, projectId: link.project_id, uploadLinkId: linkId }
  if (await isErased(tx, of.projectId)) throw new AppError('ACCOUNT_ERASED')
  await assertMayAddVideo(ctx, tx, of.projectId)
  const { description, tags, visibility, metadata, max_duration_seconds: maxDurationSeconds } = link
  const text = { title: link.title ?? titleOf(file.filename), description, tags, visibility, metadata }
  const kept = await sourceRetention(tx, ctx.config, of.projectId)
  const video = await insertVideo(tx, { id: randomUUID(), ...of, ...text, ...kept, maxDurationSeconds })
  const upload = await reserve(ctx, tx, {
    ...{ id: randomUUID(), videoId: video.id, madeVideo: true, ...of, ...how },
    filename: file.filename,
    bytes: file.bytes,
    ...(link.max_bytes !== null && { maxBytes: Number(link.max_bytes) }),
  })
  return { upload, video }
}

/** Adds to a transaction that a link ends; gateways cut off its uploads. */
export async function endLink(tx: Tx, linkId: string): Promise<boolean> {
  if (!(await revokeLink(tx, linkId))) return false
  await addEvent(tx, events['upload-link.revoked'], { aggregateId: linkId, sequence: 1 }, { linkId })
  return true
}

/** Removes what has arrived of uploads by a link that has ended. Each alone, because an upload is locked after its video. */
export async function abortUploadsOfLink(ctx: Context, linkId: string): Promise<void> {
  for (const row of await openUploadsOfLink(ctx.db, linkId)) {
    await transact(ctx, (tx) => abortUpload(ctx, tx, row, 'asked'), { evict: () => row.project_id })
  }
}

export async function revokeLinks(ctx: Context, linkIds: readonly string[]): Promise<void> {
  for (const linkId of linkIds) {
    await transact(ctx, (tx) => endLink(tx, linkId))
    await abortUploadsOfLink(ctx, linkId)
  }
}

/** The reason why a video must fail, because its link does not take what the file is; null where that is not so. */
export async function typeRefusal(
  tx: Tx,
  { upload_link_id: linkId }: VideoRow,
  facts: SourceFacts,
): Promise<TaskCause | null> {
  const link = linkId === null ? undefined : await findLink(tx, linkId)
  return link?.content_types ? typeFault(link.content_types, facts) : null
}
