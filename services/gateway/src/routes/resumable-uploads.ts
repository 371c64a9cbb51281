import { Id, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { assertPlain } from '../http/read-body.ts'
import { parseFields } from '../http/read-input.ts'
import { assertTusVersion, TUS_PATH } from '../uploads/tus.ts'
import { abandonUpload, announcedUpload, receiveBytes, sendCreated, sendOffset } from '../uploads/tus-requests.ts'
import { type Answer, type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({ uploadId: Id.meta({ description: 'Id of the upload.' }) })
const one = `${TUS_PATH}/:uploadId`
const write = { auth: 'required', scope: 'videos:write', project: 'edit', limit: 'upload' } as const
const TusHeaders = z.object({
  'Tus-Resumable': z.literal('1.0.0').meta({ description: 'Version of the tus protocol.', example: '1.0.0' }),
})
export const TUS_ERRORS = ['VALIDATION_FAILED', 'TUS_VERSION_UNSUPPORTED'] as const

/** Headers of requests, by what they do. */
export const tusHeaders = {
  create: TusHeaders.extend({
    'Upload-Length': z.string().meta({ description: 'Bytes of the whole file.', example: '73400320' }),
    'Upload-Metadata': z.string().optional().meta({
      description:
        '`videoId` of a video that waits for its source, or whose source is to be replaced; or `title`, `projectId`, `externalId` and `metadata` (pairs, as JSON) of a new one; `filename` and `filetype`. Values in base64.',
      example: 'filename aG9saWRheS5tcDQ=,title SG9saWRheQ==',
    }),
  }),
  head: TusHeaders,
  patch: TusHeaders.extend({
    'Upload-Offset': z.string().meta({
      description: 'Bytes that are stored already, where these continue.',
      example: '1048576',
    }),
  }),
  delete: TusHeaders,
}

/** Answers, by what was asked. */
export const tusAnswers = {
  create: { 201: { description: 'The upload was created', headers: ['Location', 'Upload-Expires', 'X-Video-Id'] } },
  head: {
    200: {
      description: 'How far the upload has come',
      headers: ['Upload-Offset', 'Upload-Length', 'Upload-Expires', 'Upload-Metadata', 'X-Video-Id'],
    },
  },
  patch: {
    204: { description: 'The bytes up to Upload-Offset are stored', headers: ['Upload-Offset', 'Upload-Expires'] },
  },
  delete: { 204: { description: 'The upload was abandoned' } },
} as const satisfies Record<string, Record<number, Answer>>

/** tus 1.0.0: resumable uploads, which continue through any gateway. */
export const resumableUploads = tagged('Uploads', [
  {
    method: 'post',
    path: TUS_PATH,
    ...write,
    name: 'createUpload',
    summary: 'Create a resumable upload',
    description:
      'As in tus 1.0.0. `Location` is the address that takes the bytes, `X-Video-Id` the video. Without `videoId` in `Upload-Metadata` a private video is created.',
    headers: tusHeaders.create,
    answers: tusAnswers.create,
    errors: [...media.createUpload.errors, ...TUS_ERRORS, 'UPLOAD_EMPTY'],
    handle: create,
  },
  {
    method: 'head',
    path: one,
    ...write,
    name: 'getUploadOffset',
    summary: 'Get the offset of an upload',
    description:
      '`Upload-Offset` is the number of bytes that are stored. A request that is still sending bytes to this upload is ended.',
    params: Params,
    headers: tusHeaders.head,
    answers: tusAnswers.head,
    errors: [...media.settleUpload.errors, ...TUS_ERRORS],
    handle: head,
  },
  {
    method: 'patch',
    path: one,
    ...write,
    name: 'continueUpload',
    summary: 'Send bytes of an upload',
    description:
      'The bytes that follow `Upload-Offset`. With the last byte the file becomes the source of its video, and processing begins.',
    params: Params,
    headers: tusHeaders.patch,
    requestBody: { description: 'Bytes of the file', contentType: 'application/offset+octet-stream', binary: true },
    answers: tusAnswers.patch,
    errors: [
      ...media.beginPiece.errors,
      ...media.endPiece.errors,
      ...TUS_ERRORS,
      'UPLOAD_INCOMPLETE',
      'UNSUPPORTED_MEDIA_TYPE',
      'STORAGE_FULL',
    ],
    handle: patch,
  },
  {
    method: 'delete',
    path: one,
    ...write,
    name: 'abandonUpload',
    summary: 'Cancel an upload',
    description: 'Deletes what has arrived, and the video if it was created for this upload.',
    params: Params,
    headers: tusHeaders.delete,
    answers: tusAnswers.delete,
    errors: [...media.abandonUpload.errors, ...TUS_ERRORS],
    handle: abandon,
  },
])

function create(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    assertTusVersion(req, res)
    const created = await ctx.rpc(media.createUpload, describeUpload(req), call)
    sendCreated(res, TUS_PATH, created)
  }
}

function describeUpload(req: Request) {
  const { given, ...file } = announcedUpload(req)
  const of = ['videoId', 'title', 'projectId', 'externalId'].flatMap((name) => {
    const value = given.get(name)
    return value ? [[name, value]] : []
  })
  const pairs = given.get('metadata')
  const about = { ...Object.fromEntries(of), ...(pairs && { videoMetadata: parsePairs(pairs) }) }
  return parseFields(media.createUpload.input, { ...about, ...file })
}

function parsePairs(json: string): unknown {
  try {
    const pairs: unknown = JSON.parse(json)
    assertPlain(pairs)
    return pairs
  } catch {
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'Upload-Metadata', message: 'metadata must be JSON' }] })
  }
}

function head(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => await sendOffset(ctx, req, res, caller, parseFields(Params, req.params).uploadId)
}

function patch(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => await receiveBytes(ctx, req, res, caller, parseFields(Params, req.params).uploadId)
}

function abandon(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) =>
    await abandonUpload(ctx, req, res, caller, parseFields(Params, req.params).uploadId)
}
