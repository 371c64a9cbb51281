import { type Declared, Id, media, Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { assertPlain } from '../http/read-body.ts'
import { parseFields } from '../http/read-input.ts'
import { announcedFile, appendBytes, beginUpload, sendState } from '../uploads/ietf-requests.ts'
import { assertTusVersion, speaksTus, TUS_PATH } from '../uploads/tus.ts'
import { abandonUpload, announcedUpload, receiveBytes, sendCreated, sendOffset } from '../uploads/tus-requests.ts'
import { type HandRoute, tagged } from './route.ts'
import { BYTES_ERRORS, PART, TUS_ERRORS, uploadAnswers, uploadHeaders } from './upload-protocols.ts'

const Params = z.strictObject({ uploadId: Id.meta({ description: 'Id of the upload.' }) })
const one = `${TUS_PATH}/:uploadId`
const write = { auth: 'required', scope: 'videos:write', project: 'edit', limit: 'upload' } as const
const answers = uploadAnswers(Video)

/** Resumable uploads by tus 1.0.0 and by the IETF protocol, which continue through any gateway and by either protocol. */
export const resumableUploads = tagged('Uploads', [
  {
    method: 'post',
    path: TUS_PATH,
    ...write,
    name: 'createUpload',
    summary: 'Create a resumable upload',
    description:
      'As in tus 1.0.0, or with `Upload-Complete` and the first bytes, or all, as in draft-ietf-httpbis-resumable-upload-12. `Location` is the address that takes the bytes, `X-Video-Id` the video. Without `videoId` in `Upload-Metadata` a private video is created.',
    headers: uploadHeaders.create,
    requestBody: {
      description: 'Bytes of the file; not in tus',
      contentType: 'video/*',
      binary: true,
      isOptional: true,
    },
    answers: answers.create,
    errors: [...new Set([...media.createUpload.errors, ...BYTES_ERRORS])],
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
    headers: uploadHeaders.head,
    answers: answers.head,
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
      'The bytes that follow `Upload-Offset`. With the last byte (in the IETF protocol with `Upload-Complete: ?1`) the file becomes the source of its video, and processing begins.',
    params: Params,
    headers: uploadHeaders.patch,
    requestBody: PART,
    answers: answers.patch,
    errors: [...new Set(BYTES_ERRORS)],
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
    headers: uploadHeaders.delete,
    answers: answers.delete,
    errors: [...media.abandonUpload.errors, ...TUS_ERRORS],
    handle: abandon,
  },
])

function create(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const createUpload = async (declared?: Declared) =>
      await ctx.rpc(media.createUpload, describeUpload(req, declared), caller.call)
    if (!speaksTus(req)) return await beginUpload(ctx, req, res, caller, { path: TUS_PATH, create: createUpload })
    assertTusVersion(req, res)
    sendCreated(res, TUS_PATH, await createUpload())
  }
}

function describeUpload(req: Request, declared?: Declared) {
  const { given, ...announced } = declared ? announcedFile(req) : announcedUpload(req)
  const file = { ...announced, ...(declared && { declared }) }
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
  return async (req, res, caller) => await sendProgress(ctx, req, res, caller, uploadIdOf(req))
}

function patch(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => await receiveMore(ctx, req, res, caller, uploadIdOf(req))
}

function abandon(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => await giveUp(ctx, req, res, caller, uploadIdOf(req))
}

function uploadIdOf(req: Request): string {
  return parseFields(Params, req.params).uploadId
}

type OnUpload = (ctx: Context, req: Request, res: Response, caller: Caller, uploadId: string) => Promise<void>

/** Answers HEAD in the protocol of the request. */
export const sendProgress: OnUpload = async (ctx, req, res, caller, uploadId) => {
  if (!speaksTus(req)) return await sendState(ctx, res, caller, uploadId)
  assertTusVersion(req, res)
  await sendOffset(ctx, res, caller, uploadId)
}

/** Answers PATCH. */
export const receiveMore: OnUpload = async (ctx, req, res, caller, uploadId) => {
  if (!speaksTus(req)) return await appendBytes(ctx, req, res, caller, uploadId)
  assertTusVersion(req, res)
  await receiveBytes(ctx, req, res, caller, uploadId)
}

/** Answers DELETE. */
export const giveUp: OnUpload = async (ctx, req, res, caller, uploadId) => {
  if (speaksTus(req)) assertTusVersion(req, res)
  await abandonUpload(ctx, res, caller, uploadId)
}
