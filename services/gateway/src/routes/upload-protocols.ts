import { media } from '@kinora/common/contracts'
import { z } from 'zod'
import { PARTIAL_UPLOAD } from '../uploads/ietf.ts'
import type { Answer } from './route.ts'

/** What the operations of resumable uploads have in common, signed in or by a link: headers, answers and refusals of both protocols. */

const TusHeaders = z.object({
  'Tus-Resumable': z.literal('1.0.0').optional().meta({
    description: 'Version of the tus protocol. Without this header the request is one of the IETF protocol.',
    example: '1.0.0',
  }),
})
const Complete = {
  'Upload-Complete': z
    .enum(['?0', '?1'])
    .optional()
    .meta({ description: 'In the IETF protocol: whether the file ends with this request.', example: '?1' }),
}
/** Of a request that begins an upload in the IETF protocol. */
export const ietfHeaders = {
  ...Complete,
  'Upload-Draft-Interop-Version': z.literal('8').optional().meta({
    description:
      'Version of the IETF protocol that the client speaks; then it is sent `104 Upload Resumption Supported`.',
    example: '8',
  }),
}
const Length = z.string().optional().meta({
  description: 'Bytes of the whole file. In the IETF protocol it may be given later.',
  example: '73400320',
})
export const TUS_ERRORS = ['VALIDATION_FAILED', 'TUS_VERSION_UNSUPPORTED'] as const
/** What can be wrong with the bytes of an upload, or with their end. */
export const BYTES_ERRORS = [
  ...media.beginPiece.errors,
  ...media.endPiece.errors,
  ...TUS_ERRORS,
  'UPLOAD_INCOMPLETE',
  'UNSUPPORTED_MEDIA_TYPE',
  'BAD_REQUEST',
  'STORAGE_FULL',
] as const

/** Headers of requests, by what they do. */
export const uploadHeaders = {
  create: TusHeaders.extend({
    ...ietfHeaders,
    'Upload-Length': Length,
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
    ...Complete,
    'Upload-Length': Length,
  }),
  delete: TusHeaders,
}

/** Bytes of an upload. */
export const PART = {
  description: 'Bytes of the file',
  contentType: 'application/offset+octet-stream',
  orType: PARTIAL_UPLOAD,
  binary: true,
} as const

const STATE = ['Upload-Offset', 'Upload-Complete', 'Upload-Limit', 'X-Video-Id'] as const

/** The answer to a request that completes an upload in the IETF protocol. */
function completed(content: z.ZodType): Record<number, Answer> {
  return {
    202: {
      description: 'The file is complete; processing begins. In the IETF protocol',
      headers: STATE,
      content: { 'application/json': content },
    },
  }
}

/** Answers, by what was asked. `content` is what the caller sees of the video. */
export function uploadAnswers(content: z.ZodType) {
  return {
    create: {
      201: { description: 'The upload was created', headers: ['Location', 'Upload-Expires', ...STATE] },
      ...completed(content),
    },
    head: {
      200: {
        description: 'How far the upload has come; in tus',
        headers: [
          ...(['Upload-Offset', 'Upload-Length', 'Upload-Defer-Length'] as const),
          ...(['Upload-Expires', 'Upload-Metadata', 'X-Video-Id'] as const),
        ],
      },
      204: { description: 'The same in the IETF protocol', headers: [...STATE, 'Upload-Length', 'Cache-Control'] },
    },
    patch: {
      204: { description: 'The bytes up to Upload-Offset are stored', headers: ['Upload-Expires', ...STATE] },
      ...completed(content),
    },
    delete: { 204: { description: 'The upload was abandoned' } },
  } satisfies Record<string, Record<number, Answer>>
}
