import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, Timestamp } from '../shared.ts'
import { OneVideo, Title, Video } from './video.ts'

export const ResumableUpload = z.object({
  uploadId: Id,
  videoId: Id,
  /** Length of the file. */
  bytes: z.number().int().positive(),
  /** So many of them, from the first on, are durable. */
  offset: z.number().int().nonnegative(),
  /** As the client gave it, for giving it back. */
  metadata: z.string().nullable(),
  /** Moves on with every request. */
  expiresAt: Timestamp,
  /** The source is registered. */
  completed: z.boolean(),
  /** What is left to do when all bytes are there: this makes the source, and `completeUpload` registers it. */
  finish: z
    .object({
      pieces: z.array(z.object({ key: z.string(), bytes: z.number().int().positive() })),
      storageKey: z.string(),
      filename: z.string().nullable(),
      video: Video,
    })
    .nullable(),
})
export type ResumableUpload = z.infer<typeof ResumableUpload>

const OneUpload = z.strictObject({ uploadId: Id })
const OnePiece = OneUpload.extend({ pieceId: Id })
const GONE = ['UPLOAD_NOT_FOUND', 'UPLOAD_EXPIRED'] as const
const TOO_MUCH = ['QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'] as const

/** Uploads in one request or in several, through any gateway. */
export const uploads = {
  beginUpload: {
    summary: 'Ask whether and where the source of a video may be written',
    input: OneVideo.extend({
      contentType: z.string().max(200).nullable(),
      filename: z.string().max(255).nullable(),
      /** Null for a chunked body. */
      bytes: z.number().int().nonnegative().nullable(),
    }),
    output: z.object({
      uploadId: Id.meta({ description: 'Id of the upload.' }),
      storageKey: z.string(),
      maxBytes: z.number().int(),
      video: Video,
    }),
    errors: [
      'VIDEO_NOT_FOUND',
      'SOURCE_ALREADY_UPLOADED',
      'UPLOAD_TOO_LARGE',
      'SOURCE_TYPE_UNSUPPORTED',
      'QUOTA_EXCEEDED',
      'UPLOAD_LIMIT_REACHED',
    ],
    // Each reserves room.
    idempotent: false,
  },
  completeUpload: {
    summary: 'Register a source that is completely written; work on it begins',
    input: OneVideo.extend({
      uploadId: Id.meta({ description: 'Id of the upload.' }),
      storageKey: z.string().max(300),
      filename: z.string().max(255).nullable(),
      bytes: z.number().int().positive(),
      sha256: z.string().length(64),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'SOURCE_ALREADY_UPLOADED'],
    // The same upload registered twice is one upload.
    idempotent: true,
  },
  createUpload: {
    summary: 'Begin an upload in pieces, of the source of a video that waits for it or that is made for it',
    input: z.strictObject({
      /** Without it a private video of this title is made. */
      videoId: Id.optional(),
      title: Title.optional(),
      filename: z.string().max(255).nullable(),
      contentType: z.string().max(200).nullable(),
      bytes: z.number().int().positive(),
      metadata: z.string().max(8192).regex(NO_CONTROL).nullable(),
    }),
    output: ResumableUpload,
    errors: [
      'VIDEO_NOT_FOUND',
      'SOURCE_ALREADY_UPLOADED',
      'SOURCE_TYPE_UNSUPPORTED',
      'ACCOUNT_ERASED',
      'VIDEO_LIMIT_REACHED',
      'UPLOAD_LIMIT_REACHED',
      ...TOO_MUCH,
    ],
    idempotent: false,
  },
  settleUpload: {
    summary: 'How far an upload has come; ends the request that is still writing to it',
    input: OneUpload,
    output: ResumableUpload,
    errors: GONE,
    idempotent: true,
  },
  beginPiece: {
    summary:
      'Ask whether and where the next bytes of an upload may be written; ends the request that still writes to it',
    input: OneUpload.extend({
      /** Where the client thinks that the upload stands. */
      offset: z.number().int().nonnegative(),
    }),
    output: z.object({ videoId: Id, pieceId: Id, pieceKey: z.string(), maxBytes: z.number().int().nonnegative() }),
    errors: [...GONE, 'UPLOAD_OFFSET_MISMATCH', 'VIDEO_NOT_FOUND', 'SOURCE_ALREADY_UPLOADED', ...TOO_MUCH],
    idempotent: true,
  },
  endPiece: {
    summary: 'Count what was written of a piece',
    input: OnePiece,
    output: ResumableUpload,
    errors: [...GONE, 'UPLOAD_SUPERSEDED'],
    idempotent: true,
  },
  keepUpload: {
    summary: 'Say that an upload is being received; fails when that is for nothing',
    input: OneUpload.extend({ pieceId: Id.optional() }),
    output: Nothing,
    errors: [...GONE, 'UPLOAD_SUPERSEDED'],
    idempotent: true,
  },
  beginHeadStart: {
    summary: 'Say that the beginning of an upload can be read, so that work on it begins before the rest has come',
    input: OneUpload.extend({ bytes: z.number().int().positive() }),
    output: z.object({
      /** False where nobody will read the beginning. */
      wanted: z.boolean(),
    }),
    errors: ['UPLOAD_NOT_FOUND'],
    idempotent: true,
  },
  abandonUpload: {
    summary: 'Give an upload up, with what has arrived of it and with the video that was made for it',
    input: OneUpload,
    output: Nothing,
    errors: ['UPLOAD_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
