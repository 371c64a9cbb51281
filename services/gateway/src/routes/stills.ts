import { media, StillFormat } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { StorageKey } from '@kinora/common/storage'
import type { Request, Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { addressKey, clientAddress } from '../http/client-address.ts'
import { parseFields } from '../http/read-input.ts'
import { grantFor, Reference, scopeOf } from '../playback/grants.ts'
import { PICTURE_TYPES } from '../playback/images.ts'
import { sendStoredFile } from '../playback/send-stored-file.ts'
import { FILE_ERRORS, fileAnswers, type HandRoute, tagged } from './route.ts'

const Params = z.strictObject({
  reference: Reference.meta({
    description: 'Playback token, or the id of a public or unlisted video.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  format: StillFormat.meta({ description: 'File format.', example: 'jpg' }),
})
const MAX_SECONDS = 604_800
const [MIN_WIDTH, MAX_WIDTH] = [16, 7680]
const Query = z.strictObject({
  time: z
    .string()
    .regex(/^\d{1,6}(\.\d{1,12})?$/, 'must be a number of seconds such as 12.5')
    .transform(Number)
    .pipe(z.number().max(MAX_SECONDS))
    .default(0)
    .meta({
      description: 'Second of the video. Its frame is the last one that begins then or before.',
      example: '12.5',
    }),
  width: z
    .string()
    .regex(/^\d{1,4}$/, 'must be a whole number')
    .transform(Number)
    .pipe(z.number().min(MIN_WIDTH).max(MAX_WIDTH))
    .optional()
    .meta({ description: 'Width in pixels; without it, and at most, that of the largest rendition.', example: '640' }),
})

/** Milliseconds that a request waits for a worker; longer than a still takes, and shorter than visitors of a page wait. */
const PATIENCE_MS = 5000
const RETRY_AFTER_MS = 2000

/** Single frames of a video. */
export const stills = tagged('Playback', [
  {
    method: 'get',
    auth: 'none',
    limit: 'playback',
    path: '/play/:reference/frame.:format',
    name: 'getFrame',
    summary: 'Get a frame as a picture',
    description:
      'The very frame that is shown at `time`, from the largest rendition. The first request has a worker make it and waits up to five seconds; after that it answers 503 `STILL_NOT_READY`, and a later request gets the picture.',
    params: Params,
    query: Query,
    answers: fileAnswers('The picture', { 'image/jpeg': 'binary', 'image/webp': 'binary', 'image/avif': 'binary' }),
    errors: [
      ...media.prepareStill.errors,
      'PLAYBACK_DOMAIN_NOT_ALLOWED',
      'STILL_NOT_READY',
      'STILL_FAILED',
      ...FILE_ERRORS,
    ],
    handle: sendFrame,
  },
])

function sendFrame(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { format } = parseFields(Params, req.params)
    const { time, width } = parseFields(Query, req.query)
    const grant = await grantFor(ctx, req, caller)
    const place = { time, format, ...(width !== undefined && { width }) }
    const key = await findStill(ctx, req, res, caller, place)
    await sendStoredFile(req, res, ctx, { key, contentType: PICTURE_TYPES[format], scope: scopeOf(grant) })
  }
}

/** The key of a still that is in the store. Waits for it if it must be made. */
async function findStill(
  ctx: Context,
  req: Request,
  res: Response,
  { call }: Caller,
  place: { time: number; format: StillFormat; width?: number },
): Promise<StorageKey> {
  const deadline = performance.now() + PATIENCE_MS
  const ask = (make: boolean) =>
    ctx.rpc(media.prepareStill, { reference: String(req.params.reference), ...place, make }, call)
  let answer = await ask(false)
  if (answer.status === 'ready' && (await ctx.store.stat(answer.storageKey))) return answer.storageKey
  if (answer.status !== 'making') {
    // Only what is made anew is counted here, so that pages with many stills load again and again.
    await ctx.admission.count(res, { rule: 'still', key: addressKey(clientAddress(req)) })
    answer = await ask(true)
  }
  if (answer.status === 'making') {
    await ctx.stills.wait(answer.stillId, deadline - performance.now())
    answer = await ask(false)
  }
  if (answer.status === 'ready') return answer.storageKey
  throw new AppError(answer.status === 'making' ? 'STILL_NOT_READY' : 'STILL_FAILED', { retryAfterMs: RETRY_AFTER_MS })
}
