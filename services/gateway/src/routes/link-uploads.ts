import {
  type Declared,
  Id,
  media,
  type OpenedUploadLink,
  type ResumableUpload,
  UploadLinkOffer,
  UploadLinkVideo,
} from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { sendJson } from '../http/mount.ts'
import { parseFields } from '../http/read-input.ts'
import { uploadComplete } from '../uploads/ietf.ts'
import { announcedFile, beginUpload } from '../uploads/ietf-requests.ts'
import { openLink, shownToVisitors } from '../uploads/open-link.ts'
import { describeBody, RECEIVE_ERRORS, receiveSource } from '../uploads/receive-source.ts'
import { assertTusVersion, LINK_PATH, speaksTus } from '../uploads/tus.ts'
import { announcedUpload, sendCreated } from '../uploads/tus-requests.ts'
import { giveUp, receiveMore, sendProgress } from './resumable-uploads.ts'
import { type HandRoute, tagged } from './route.ts'
import { BYTES_ERRORS, ietfHeaders, PART, TUS_ERRORS, uploadAnswers, uploadHeaders } from './upload-protocols.ts'
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
const answers = uploadAnswers(UploadLinkVideo)
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
    description:
      'The body is the file itself, in one request. A file that does not arrive takes no use of the link. With `Upload-Complete` it can be continued, as in the IETF protocol.',
    params: Token,
    headers: FileHeader.extend(ietfHeaders),
    requestBody: { description: 'The file', contentType: 'video/*', binary: true },
    answers: answers.create,
    errors: [...new Set([...REFUSED, ...media.createLinkUpload.errors, ...RECEIVE_ERRORS, ...BYTES_ERRORS])],
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
      'As in tus 1.0.0, or with `Upload-Complete` as in the IETF protocol; takes a use of the link until the upload is cancelled or expires. `filename` and `filetype` of `Upload-Metadata` are read.',
    params: Token,
    headers: uploadHeaders.create.extend({
      'Upload-Metadata': z.string().optional().meta({
        description: '`filename` and `filetype`; `videoId` and `projectId` are refused. Values in base64.',
        example: 'filename aG9saWRheS5tcDQ=,filetype dmlkZW8vbXA0',
      }),
    }),
    requestBody: {
      description: 'Bytes of the file; not in tus',
      contentType: 'video/*',
      binary: true,
      isOptional: true,
    },
    answers: answers.create,
    errors: [...new Set([...REFUSED, ...media.createLinkUpload.errors, ...BYTES_ERRORS])],
    handle: (ctx) => byLink(ctx, create),
  },
  {
    method: 'head',
    path: oneUpload,
    ...visitor,
    name: 'getUploadLinkUploadOffset',
    summary: 'Get the offset of an upload by an upload link',
    params: OneUpload,
    headers: uploadHeaders.head,
    answers: answers.head,
    errors: [...REFUSED, ...media.settleUpload.errors, ...TUS_ERRORS],
    handle: (ctx) => byLink(ctx, ({ req, res, caller }) => sendProgress(ctx, req, res, caller, uploadIdOf(req))),
  },
  {
    method: 'patch',
    path: oneUpload,
    ...visitor,
    name: 'continueUploadLinkUpload',
    summary: 'Send bytes of an upload by an upload link',
    params: OneUpload,
    headers: uploadHeaders.patch,
    requestBody: PART,
    answers: answers.patch,
    errors: [...new Set([...REFUSED, ...BYTES_ERRORS])],
    handle: (ctx) => byLink(ctx, ({ req, res, caller }) => receiveMore(ctx, req, res, caller, uploadIdOf(req))),
  },
  {
    method: 'delete',
    path: oneUpload,
    ...visitor,
    name: 'abandonUploadLinkUpload',
    summary: 'Cancel an upload by an upload link',
    description: 'Deletes what has arrived, and gives the use of the link back.',
    params: OneUpload,
    headers: uploadHeaders.delete,
    answers: answers.delete,
    errors: [...REFUSED, ...media.abandonUpload.errors, ...TUS_ERRORS],
    handle: (ctx) => byLink(ctx, ({ req, res, caller }) => giveUp(ctx, req, res, caller, uploadIdOf(req))),
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
  const { maxBytes, maxDurationSeconds, contentTypes, expiresAt, usesLeft } = link
  sendJson(res, 200, { maxBytes, maxDurationSeconds, contentTypes, expiresAt, usesLeft })
}

async function putFile(asked: Asked): Promise<void> {
  const { ctx, req, res, caller } = asked
  if (uploadComplete(req) !== null) return await beginPartial(asked)
  const announced = describeBody(req)
  const begun = await ctx.rpc(media.beginLinkUpload, announced, caller.call)
  sendJson(res, 202, shownToVisitors(await receiveSource(ctx, req, res, caller, { ...begun, announced })))
}

async function sendVideo({ ctx, req, res, caller }: Asked): Promise<void> {
  const { videoId } = parseFields(OneVideo, req.params)
  sendJson(res, 200, await ctx.rpc(media.getLinkVideo, { videoId }, caller.call))
}

/** What the link decides is refused instead of ignored, so that nobody believes that it counted. */
const DECIDED_BY_LINK = ['videoId', 'projectId']

async function create(asked: Asked): Promise<void> {
  const { req, res } = asked
  if (!speaksTus(req)) return await beginPartial(asked)
  assertTusVersion(req, res)
  sendCreated(res, pathOf(req), await createUpload(asked))
}

/** Begins an upload by the IETF protocol. */
async function beginPartial(asked: Asked): Promise<void> {
  const { ctx, req, res, caller } = asked
  const place = { path: pathOf(req), create: (declared: Declared) => createUpload(asked, declared) }
  await beginUpload(ctx, req, res, caller, place)
}

async function createUpload({ ctx, req, caller }: Asked, declared?: Declared): Promise<ResumableUpload> {
  const { given, ...file } = declared ? announcedFile(req) : announcedUpload(req)
  const fields = DECIDED_BY_LINK.filter((name) => given.has(name)).map((name) => ({
    path: 'Upload-Metadata',
    message: `${name} is decided by the upload link`,
  }))
  if (req.headers['upload-concat'] !== undefined) fields.push({ path: 'Upload-Concat', message: 'is not supported' })
  if (fields.length > 0) throw new AppError('VALIDATION_FAILED', { fields })
  const input = parseFields(media.createLinkUpload.input, { ...file, ...(declared && { declared }) })
  return await ctx.rpc(media.createLinkUpload, input, caller.call)
}

function pathOf(req: Request): string {
  return `/u/${req.params.token}/tus`
}

function uploadIdOf(req: Request): string {
  return parseFields(OneUpload, req.params).uploadId
}
