import { Id, media, type OpenedUploadLink, UploadLinkOffer, UploadLinkVideo } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { openLink } from '../uploads/open-link.ts'
import { describeBody, RECEIVE_ERRORS, receiveSource } from '../uploads/receive-source.ts'
import { assertTusVersion, LINK_PATH } from '../uploads/tus.ts'
import { abandonUpload, announcedUpload, receiveBytes, sendCreated, sendOffset } from '../uploads/tus-requests.ts'
import { TUS_ERRORS, tusAnswers, tusHeaders } from './resumable-uploads.ts'
import { type HandRoute, tagged } from './route.ts'
import { FileHeader } from './uploads.ts'

const Token = z.strictObject({
  token: z.string().meta({
    description: 'Token of the upload link, as it is in its address.',
    example: '0mYzTq8vK3RkqjX1f6n7bW5cPz2dLh9sAoEuGiN4tQw',
  }),
})
const OneVideo = Token.extend({ videoId: Id.meta({ description: 'Id of the video.' }) })
const OneUpload = Token.extend({ uploadId: Id.meta({ description: 'Id of the upload.' }) })
const tus = `${LINK_PATH}/tus`
const oneUpload = `${tus}/:uploadId`
const visitor = { auth: 'none', limit: 'upload-link' } as const
const REFUSED = [...media.openUploadLink.errors, 'UPLOAD_LINK_ORIGIN_NOT_ALLOWED'] as const

/** What visitors with an upload link do: no other credential is needed, and none is read. */
export const linkUploads = tagged('Upload links', [
  {
    method: 'get',
    path: LINK_PATH,
    ...visitor,
    name: 'getUploadLinkOffer',
    summary: 'Get what an upload link takes',
    description: 'For the page of the visitor, before it asks for a file.',
    params: Token,
    answers: { 200: { description: 'What the link takes', content: { 'application/json': UploadLinkOffer } } },
    errors: REFUSED,
    handle: (ctx) => byLink(ctx, sendOffer),
  },
  {
    method: 'put',
    path: LINK_PATH,
    ...visitor,
    name: 'putUploadLinkFile',
    summary: 'Upload a file by an upload link',
    description: 'The body is the file itself, in one request. A file that does not arrive takes no use of the link.',
    params: Token,
    headers: FileHeader,
    requestBody: { description: 'The file', contentType: 'video/*', binary: true },
    answers: { 202: { description: 'Stored; processing begins', content: { 'application/json': UploadLinkVideo } } },
    errors: [...REFUSED, ...media.beginLinkUpload.errors, ...RECEIVE_ERRORS],
    handle: (ctx) => byLink(ctx, putFile),
  },
  {
    method: 'get',
    path: `${LINK_PATH}/videos/:videoId`,
    ...visitor,
    name: 'getUploadLinkVideo',
    summary: 'Get the state of a video that came by an upload link',
    description: 'Also after the last use, and for a day after the link has expired.',
    params: OneVideo,
    answers: { 200: { description: 'Its state', content: { 'application/json': UploadLinkVideo } } },
    errors: [...REFUSED, ...media.getLinkVideo.errors, 'VALIDATION_FAILED'],
    handle: (ctx) => byLink(ctx, sendVideo),
  },
  {
    method: 'post',
    path: tus,
    ...visitor,
    name: 'createUploadLinkUpload',
    summary: 'Create a resumable upload by an upload link',
    description:
      'As in tus 1.0.0; takes a use of the link until the upload is cancelled or expires. `filename` and `filetype` of `Upload-Metadata` are read.',
    params: Token,
    headers: tusHeaders.create.extend({
      'Upload-Metadata': z.string().optional().meta({
        description: '`filename` and `filetype`; `videoId` and `projectId` are refused. Values in base64.',
        example: 'filename aG9saWRheS5tcDQ=,filetype dmlkZW8vbXA0',
      }),
    }),
    answers: tusAnswers.create,
    errors: [...REFUSED, ...media.createLinkUpload.errors, ...TUS_ERRORS, 'UPLOAD_EMPTY'],
    handle: (ctx) => byLink(ctx, create),
  },
  {
    method: 'head',
    path: oneUpload,
    ...visitor,
    name: 'getUploadLinkUploadOffset',
    summary: 'Get the offset of an upload by an upload link',
    params: OneUpload,
    headers: tusHeaders.head,
    answers: tusAnswers.head,
    errors: [...REFUSED, ...media.settleUpload.errors, ...TUS_ERRORS],
    handle: (ctx) => byLink(ctx, ({ req, res, caller }) => sendOffset(ctx, req, res, caller, uploadIdOf(req))),
  },
  {
    method: 'patch',
    path: oneUpload,
    ...visitor,
    name: 'continueUploadLinkUpload',
    summary: 'Send bytes of an upload by an upload link',
    params: OneUpload,
    headers: tusHeaders.patch,
    requestBody: { description: 'Bytes of the file', contentType: 'application/offset+octet-stream', binary: true },
    answers: tusAnswers.patch,
    errors: [
      ...REFUSED,
      ...media.beginPiece.errors,
      ...media.endPiece.errors,
      ...TUS_ERRORS,
      'UPLOAD_INCOMPLETE',
      'UNSUPPORTED_MEDIA_TYPE',
      'STORAGE_FULL',
    ],
    handle: (ctx) => byLink(ctx, ({ req, res, caller }) => receiveBytes(ctx, req, res, caller, uploadIdOf(req))),
  },
  {
    method: 'delete',
    path: oneUpload,
    ...visitor,
    name: 'abandonUploadLinkUpload',
    summary: 'Cancel an upload by an upload link',
    description: 'Deletes what has arrived, and gives the use of the link back.',
    params: OneUpload,
    headers: tusHeaders.delete,
    answers: tusAnswers.delete,
    errors: [...REFUSED, ...media.abandonUpload.errors, ...TUS_ERRORS],
    handle: (ctx) => byLink(ctx, ({ req, res, caller }) => abandonUpload(ctx, req, res, caller, uploadIdOf(req))),
  },
])

/** A request by a link; `caller` is its visitor. */
interface Asked {
  ctx: Context
  req: Request
  res: Response
  caller: Caller
  link: OpenedUploadLink
}

/** The link is opened first: whoever has none learns nothing else. */
function byLink(ctx: Context, handle: (asked: Asked) => Promise<void>): ReturnType<HandRoute['handle']> {
  return async (req, res, admitted) => {
    const { link, caller } = await openLink(ctx, req, res, admitted)
    await handle({ ctx, req, res, caller, link })
  }
}

async function sendOffer({ res, link }: Asked): Promise<void> {
  if (link.expired) throw new AppError('UPLOAD_LINK_EXPIRED')
  const { maxBytes, contentTypes, expiresAt, usesLeft } = link
  sendJson(res, 200, { maxBytes, contentTypes, expiresAt, usesLeft })
}

async function putFile({ ctx, req, res, caller }: Asked): Promise<void> {
  const announced = describeBody(req)
  const begun = await ctx.rpc(media.beginLinkUpload, announced, caller.call)
  const { id, status, progress, error } = await receiveSource(ctx, req, res, caller, { ...begun, announced })
  sendJson(res, 202, { id, status, progress, error })
}

async function sendVideo({ ctx, req, res, caller }: Asked): Promise<void> {
  const { videoId } = parseFields(OneVideo, req.params)
  sendJson(res, 200, await ctx.rpc(media.getLinkVideo, { videoId }, caller.call))
}

/** What the link decides is refused instead of ignored, so that nobody believes that it counted. */
const DECIDED_BY_LINK = ['videoId', 'projectId']

async function create({ ctx, req, res, caller }: Asked): Promise<void> {
  assertTusVersion(req, res)
  const { given, ...file } = announcedUpload(req)
  const fields = DECIDED_BY_LINK.filter((name) => given.has(name)).map((name) => ({
    path: 'Upload-Metadata',
    message: `${name} is decided by the upload link`,
  }))
  if (req.headers['upload-concat'] !== undefined) fields.push({ path: 'Upload-Concat', message: 'is not supported' })
  if (fields.length > 0) throw new AppError('VALIDATION_FAILED', { fields })
  const created = await ctx.rpc(media.createLinkUpload, parseFields(media.createLinkUpload.input, file), caller.call)
  sendCreated(res, `/u/${req.params.token}/tus`, created)
}

function uploadIdOf(req: Request): string {
  return parseFields(OneUpload, req.params).uploadId
}
