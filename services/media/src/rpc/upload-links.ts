import { randomUUID } from 'node:crypto'
import type { Call, Handler, Method, UploadLinkActor } from '@kinora/common/contract'
import type { media, UploadLink } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { assertMay } from '@kinora/common/project-access'
import { keys } from '@kinora/common/storage'
import { digestOfUploadLinkToken, newUploadLinkToken } from '@kinora/common/upload-link-token'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { Tx, UploadLinkRow } from '../db/schema.ts'
import { creationCursor, decodeCreationCursor } from '../domain/pages.ts'
import { announcedLength } from '../domain/upload-length.ts'
import { hasEnded, refusalOfUse } from '../domain/upload-links.ts'
import { videoFacts } from '../domain/video-facts.ts'
import { userOf } from '../domain/visibility.ts'
import { transact } from '../operations/transact.ts'
import { abortUploadsOfLink, beginByLink, endLink } from '../operations/upload-links.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { addAuditRecord } from '../repositories/parked.ts'
import { findLink, findLinkByDigest, insertLink, linksOfProject, videosOfLinks } from '../repositories/upload-links.ts'
import { inProject } from './guards.ts'
import { toUpload } from './uploads.ts'
import { publicUrl, toVideo } from './video-view.ts'

export function createUploadLink(ctx: Context): Handler<typeof media.createUploadLink> {
  return inProject<typeof media.createUploadLink>('edit', async (input, projectId, call) => {
    const ownerId = userOf(call.actor)
    const { title = null, description, tags, visibility, metadata, uses, expiresIn } = input
    const { maxBytes = null, maxDurationSeconds = null, contentTypes = null, allowedOrigins = null } = input
    const token = newUploadLinkToken()
    const about = { id: randomUUID(), digest: digestOfUploadLinkToken(token), project_id: projectId, owner_id: ownerId }
    const sizes = { max_bytes: maxBytes, max_duration_seconds: maxDurationSeconds, uses }
    const takes = { ...sizes, content_types: contentTypes, allowed_origins: allowedOrigins }
    const link = { ...about, title, description, tags, visibility, metadata, ...takes }
    const row = await transact(
      ctx,
      async (tx) => {
        if (await isErased(tx, projectId)) throw new AppError('ACCOUNT_ERASED')
        const added = await insertLink(tx, link, expiresIn, ctx.config.MAX_LINKS_PER_ACCOUNT)
        if (added) await addAuditRecord(tx, call, 'upload_link_create', added.id)
        return added
      },
      { call },
    )
    if (!row) throw new AppError('UPLOAD_LINK_LIMIT_REACHED')
    return { ...toUploadLink(row, []), url: publicUrl(ctx, `/u/${token}`) }
  })
}

export function listUploadLinks({ db }: Context): Handler<typeof media.listUploadLinks> {
  return inProject<typeof media.listUploadLinks>('edit', async ({ limit, cursor }, projectId) => {
    const rows = await linksOfProject(db, projectId, { limit: limit + 1, after: decodeCreationCursor(cursor) })
    const ids = rows.map(({ id }) => id)
    const videos = await videosOfLinks(db, ids)
    return pageOf(rows, limit, (row) => toUploadLink(row, videos.get(row.id)), creationCursor)
  })
}

export function getUploadLink(ctx: Context): Handler<typeof media.getUploadLink> {
  return byLinkEditor<typeof media.getUploadLink>(ctx, async (row) => {
    const videos = await videosOfLinks(ctx.db, [row.id])
    return toUploadLink(row, videos.get(row.id))
  })
}

export function revokeUploadLink(ctx: Context): Handler<typeof media.revokeUploadLink> {
  return byLinkEditor<typeof media.revokeUploadLink>(ctx, async ({ id }, call) => {
    const revoke = async (tx: Tx) => {
      if (await endLink(tx, id)) await addAuditRecord(tx, call, 'upload_link_revoke', id)
    }
    await transact(ctx, revoke, { call })
    await abortUploadsOfLink(ctx, id)
    return {}
  })
}

/** The token is not checked again: gateways name the link in the calls that follow. */
export function openUploadLink({ db, now }: Context): Handler<typeof media.openUploadLink> {
  return async ({ digest }) => {
    const row = await findLinkByDigest(db, digest)
    if (!row || hasEnded(row, now())) throw refusalOfUse(row, now())
    const { id, ownerId, projectId, allowedOrigins, ...about } = toUploadLink(row)
    const { maxBytes, maxDurationSeconds, contentTypes, expiresAt, usesLeft } = about
    const offer = { maxBytes, maxDurationSeconds, contentTypes, expiresAt, usesLeft }
    return { id, ownerId, projectId, allowedOrigins, ...offer, expired: row.expires_at <= now() }
  }
}

export function beginLinkUpload(ctx: Context): Handler<typeof media.beginLinkUpload> {
  return byVisitor<typeof media.beginLinkUpload>(async (file, { linkId, projectId }, call) => {
    const begin = (tx: Tx) => beginByLink(ctx, tx, linkId, file, { resumable: false, metadata: null, open: false })
    const { upload, video } = await transact(ctx, begin, around(call, projectId))
    const storageKey = keys.source(video.id, upload.id)
    return { uploadId: upload.id, storageKey, maxBytes: Number(upload.bytes), video: toVideo(ctx, video, call.actor) }
  })
}

export function createLinkUpload(ctx: Context): Handler<typeof media.createLinkUpload> {
  return byVisitor<typeof media.createLinkUpload>(async ({ metadata, ...file }, { linkId, projectId }, call) => {
    const { bytes, open } = announcedLength(file)
    return await transact(
      ctx,
      async (tx) => {
        const how = { resumable: true, metadata, open }
        const { upload } = await beginByLink(ctx, tx, linkId, { ...file, bytes }, how)
        return await toUpload(ctx, tx, upload, call.actor)
      },
      around(call, projectId),
    )
  })
}

export function getLinkVideo(ctx: Context): Handler<typeof media.getLinkVideo> {
  return byVisitor<typeof media.getLinkVideo>(async ({ videoId }, { linkId }) => {
    const [row, link] = await Promise.all([ctx.readVideo(videoId), findLink(ctx.db, linkId)])
    if (row?.upload_link_id !== linkId || !link || hasEnded(link, ctx.now())) throw new AppError('VIDEO_NOT_FOUND')
    const { id, status, progress, error } = videoFacts(row, ctx.now())
    return { id, status, progress, error }
  })
}

/** An upload whose client was answered 504 takes no use. */
function around(call: Call, projectId: string) {
  return { call, evict: () => projectId }
}

/** For methods of visitors with an upload link; the handler gets the link, as the gateway has found it. */
function byVisitor<M extends Method>(
  handle: (input: z.output<M['input']>, link: UploadLinkActor, call: Call) => Promise<z.input<M['output']>>,
): Handler<M> {
  return async (input, call) => {
    if (call.actor.kind !== 'upload-link') throw new AppError('FORBIDDEN')
    return await handle(input, call.actor, call)
  }
}

type LinkMethod = Method & { input: z.ZodType<{ linkId: string }> }

/** For methods about one link, by those who may edit in its project; to strangers it does not exist. */
function byLinkEditor<M extends LinkMethod>(
  { db }: Pick<Context, 'db'>,
  handle: (link: UploadLinkRow, call: Call) => Promise<z.input<M['output']>>,
): Handler<M> {
  return async ({ linkId }, call) => {
    const row = await findLink(db, linkId)
    if (!row) throw new AppError('UPLOAD_LINK_NOT_FOUND')
    assertMay(call.actor, row.project_id, 'edit', 'UPLOAD_LINK_NOT_FOUND')
    return await handle(row, call)
  }
}

function toUploadLink(row: UploadLinkRow, videoIds: string[] = []): UploadLink {
  return {
    id: row.id,
    projectId: row.project_id,
    ownerId: row.owner_id,
    title: row.title,
    description: row.description,
    tags: row.tags,
    visibility: row.visibility,
    metadata: row.metadata,
    maxDurationSeconds: row.max_duration_seconds,
    maxBytes: row.max_bytes === null ? null : Number(row.max_bytes),
    contentTypes: row.content_types,
    allowedOrigins: row.allowed_origins,
    uses: row.uses,
    usesLeft: row.uses - row.used,
    videoIds,
    createdAt: row.created_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    revokedAt: row.revoked_at?.toISOString() ?? null,
  }
}
