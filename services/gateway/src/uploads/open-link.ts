import { media, type OpenedUploadLink, type UploadLinkVideo, type Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { digestOfUploadLinkToken, isUploadLinkToken } from '@kinora/common/upload-link-token'
import type { Request, RequestHandler, Response } from 'express'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { allowOrigin, sendPreflight } from '../http/cross-origin.ts'
import { LINK_PATH } from './tus.ts'

interface OpenedLink {
  link: OpenedUploadLink
  /** Whoever has the link, in the place of the anonymous caller. */
  caller: Caller
}

/**
 * Finds the upload link of a request by the token in its path, counts the request against the allowance of the link, and checks
 * the origin of the page. Media is asked each time, so that a link that has ended is refused at once.
 */
export async function openLink(ctx: Context, req: Request, res: Response, admitted: Caller): Promise<OpenedLink> {
  const { token } = req.params
  if (typeof token !== 'string' || !isUploadLinkToken(token)) throw new AppError('UPLOAD_LINK_NOT_FOUND')
  const digest = digestOfUploadLinkToken(token)
  const link = await ctx.rpc(media.openUploadLink, { digest }, admitted.call)
  res.locals.uploadLinkId = link.id
  allowOrigin(req, res, link.allowedOrigins)
  await ctx.admission.count(res, { rule: 'upload', key: link.id })
  const { id: linkId, ownerId, projectId } = link
  const actor = { kind: 'upload-link', linkId, ownerId, projectId } as const
  return { link, caller: { ...admitted, actor, call: { ...admitted.call, actor } } }
}

/** What visitors may know of a video. */
export function shownToVisitors({ id, status, progress, error }: Video): UploadLinkVideo {
  return { id, status, progress, error }
}

/** Answers OPTIONS. A preflight has no credentials, so the token of the path decides which pages may use the link. */
export function linkPreflight(ctx: Context): RequestHandler {
  return async (req, res) => {
    res.locals.route = LINK_PATH
    const admitted = await ctx.admission.admit(req, res, { auth: 'none', limit: 'upload-link' })
    const { link } = await openLink(ctx, req, res, admitted)
    if (link.maxBytes !== null) res.setHeader('Upload-Limit', `max-size=${link.maxBytes}`)
    sendPreflight(req, res)
  }
}
