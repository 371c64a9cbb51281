import { Id, media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { cleanFilename } from '../http/content-disposition.ts'
import { assertPlain } from '../http/read-body.ts'
import { parseFields } from '../http/read-input.ts'
import { receivePart } from '../uploads/receive-part.ts'
import { finishUpload } from '../uploads/register-upload.ts'
import {
  assertOffsetStream,
  assertTusVersion,
  httpDate,
  numberHeader,
  parseUploadMetadata,
  TUS_PATH,
} from '../uploads/tus.ts'
import { type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({ uploadId: Id.meta({ description: 'Id of the upload.' }) })
const one = `${TUS_PATH}/:uploadId`
const write = { auth: 'required', scope: 'videos:write', project: 'edit', limit: 'upload' } as const
const TusHeaders = z.object({
  'Tus-Resumable': z.literal('1.0.0').meta({ description: 'Version of the tus protocol.', example: '1.0.0' }),
})
const FORM = ['VALIDATION_FAILED', 'TUS_VERSION_UNSUPPORTED'] as const

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
    headers: TusHeaders.extend({
      'Upload-Length': z.string().meta({ description: 'Bytes of the whole file.', example: '73400320' }),
      'Upload-Metadata': z.string().optional().meta({
        description:
          '`videoId` of a video that waits for its source, or `title`, `projectId`, `externalId` and `metadata` (pairs, as JSON) of a new one; `filename` and `filetype`. Values in base64.',
        example: 'filename aG9saWRheS5tcDQ=,title SG9saWRheQ==',
      }),
    }),
    answers: { 201: { description: 'The upload was created', headers: ['Location', 'Upload-Expires', 'X-Video-Id'] } },
    errors: [...media.createUpload.errors, ...FORM, 'UPLOAD_EMPTY'],
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
    headers: TusHeaders,
    answers: {
      200: {
        description: 'How far the upload has come',
        headers: ['Upload-Offset', 'Upload-Length', 'Upload-Expires', 'Upload-Metadata', 'X-Video-Id'],
      },
    },
    errors: [...media.settleUpload.errors, ...FORM],
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
    headers: TusHeaders.extend({
      'Upload-Offset': z.string().meta({
        description: 'Bytes that are stored already, where these continue.',
        example: '1048576',
      }),
    }),
    requestBody: { description: 'Bytes of the file', contentType: 'application/offset+octet-stream', binary: true },
    answers: {
      204: { description: 'The bytes up to Upload-Offset are stored', headers: ['Upload-Offset', 'Upload-Expires'] },
    },
    errors: [
      ...media.beginPiece.errors,
      ...media.endPiece.errors,
      ...FORM,
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
    headers: TusHeaders,
    answers: { 204: { description: 'The upload was abandoned' } },
    errors: [...media.abandonUpload.errors, ...FORM],
    handle: abandon,
  },
])

function create(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    assertTusVersion(req, res)
    const created = await ctx.rpc(media.createUpload, describeUpload(req), call)
    res.setHeader('Location', `${TUS_PATH}/${created.uploadId}`)
    res.setHeader('Upload-Expires', httpDate(created.expiresAt))
    res.setHeader('X-Video-Id', created.videoId)
    res.status(201).end()
  }
}

function describeUpload(req: Request) {
  if (req.headers['upload-defer-length'] !== undefined) {
    const message = 'is not supported: give Upload-Length'
    throw new AppError('VALIDATION_FAILED', { fields: [{ path: 'Upload-Defer-Length', message }] })
  }
  const bytes = numberHeader(req, 'Upload-Length')
  if (bytes === 0) throw new AppError('UPLOAD_EMPTY')
  const header = req.headers['upload-metadata']?.toString()
  const given = parseUploadMetadata(header)
  const [filename, metadata] = ['filename', 'metadata'].map((name) => given.get(name) || undefined)
  const named = ['videoId', 'title', 'projectId', 'externalId'].flatMap((name) => {
    const value = given.get(name)
    return value ? [[name, value]] : []
  })
  return parseFields(media.createUpload.input, {
    ...Object.fromEntries(named),
    ...(metadata !== undefined && { videoMetadata: parsePairs(metadata) }),
    filename: filename === undefined ? null : cleanFilename(filename),
    contentType: given.get('filetype') || null,
    bytes,
    metadata: header ?? null,
  })
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
  return async (req, res, { call }) => {
    assertTusVersion(req, res)
    const upload = await ctx.rpc(media.settleUpload, parseFields(Params, req.params), call)
    // A client that is told that all bytes have arrived sends no further request.
    await finishUpload(ctx, upload, call)
    res.setHeader('Upload-Offset', upload.offset)
    res.setHeader('Upload-Length', upload.bytes)
    res.setHeader('Upload-Expires', httpDate(upload.expiresAt))
    res.setHeader('X-Video-Id', upload.videoId)
    if (upload.metadata !== null) res.setHeader('Upload-Metadata', upload.metadata)
    res.status(200).end()
  }
}

function patch(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    assertTusVersion(req, res)
    assertOffsetStream(req)
    const { uploadId } = parseFields(Params, req.params)
    const at = { uploadId, offset: numberHeader(req, 'Upload-Offset') }
    const { upload, written, cause } = await receivePart(ctx, req, res, caller, at)
    if (cause instanceof AppError) throw cause
    await finishUpload(ctx, upload, caller.call, written)
    if (cause !== undefined) throw new AppError('UPLOAD_INCOMPLETE', { cause })
    res.setHeader('Upload-Offset', upload.offset)
    res.setHeader('Upload-Expires', httpDate(upload.expiresAt))
    res.status(204).end()
  }
}

function abandon(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, { call }) => {
    assertTusVersion(req, res)
    await ctx.rpc(media.abandonUpload, parseFields(Params, req.params), call)
    res.status(204).end()
  }
}
