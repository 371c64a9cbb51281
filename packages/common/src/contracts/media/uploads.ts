import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, Timestamp } from '../shared.ts'
import { ExternalId, Metadata } from './metadata.ts'
import { InProject, OneVideo, Title, Video } from './video.ts'

export const ResumableUpload = z.object({
  uploadId: Id,
  videoId: Id,
  /** Size of the whole file in bytes; where that is not known, the most that it may have. */
  bytes: z.number().int().positive(),
  lengthKnown: z.boolean(),
  /** Number of bytes, from the first on, that are stored durably. */
  offset: z.number().int().nonnegative(),
  /** `Upload-Metadata` as the client sent it, returned unchanged. */
  metadata: z.string().nullable(),
  /** Extended by every request. */
  expiresAt: Timestamp,
  /** Whether the source is registered. */
  completed: z.boolean(),
  /** Present when the whole file is stored: the gateway joins these parts to the source, and `completeUpload` registers it. */
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

/** What a request says of the file that its bytes belong to. */
export const Declared = z.strictObject({
  /** Length of the whole file by `Upload-Length`. */
  length: z.number().int().nonnegative().nullable(),
  /** Length of the body; null for a chunked one. */
  bytes: z.number().int().nonnegative().nullable(),
  /** Whether the file ends with this request, by `Upload-Complete`; null: when all bytes of its length have arrived, as in tus. */
  complete: z.boolean().nullable(),
})
export type Declared = z.infer<typeof Declared>

/** What is said of the file of a resumable upload when it begins. */
export const ResumableUploadOf = {
  filename: z.string().max(255).nullable(),
  contentType: z.string().max(200).nullable(),
  /** Length of the file; null where `declared` says it, or nothing. */
  bytes: z.number().int().positive().nullable(),
  declared: Declared.optional(),
  metadata: z.string().max(8192).regex(NO_CONTROL).nullable(),
}

const OneUpload = z.strictObject({ uploadId: Id })
const OnePiece = OneUpload.extend({ pieceId: Id })
const GONE = ['UPLOAD_NOT_FOUND', 'UPLOAD_EXPIRED'] as const
/** What can be wrong with what a request declares. */
export const DECLARATIONS = ['UPLOAD_LENGTH_INCONSISTENT', 'UPLOAD_EMPTY'] as const
const TOO_MUCH = ['QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'] as const

/** Uploads in one request, and resumable ones in several, through any gateway. */
export const uploads = {
  beginUpload: {
    summary: 'Begin an upload in one request; answers where the source is written',
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
      'REPLACEMENT_IN_PROGRESS',
      'UPLOAD_TOO_LARGE',
      'SOURCE_TYPE_UNSUPPORTED',
      'QUOTA_EXCEEDED',
      'UPLOAD_LIMIT_REACHED',
    ],
    // Each call reserves quota.
    idempotent: false,
  },
  completeUpload: {
    summary: 'Register a source that is completely stored; its processing begins',
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
    summary: 'Create a resumable upload for an existing or a new video',
    input: z.strictObject({
      /** Without it a private video with this title is created. */
      videoId: Id.optional(),
      title: Title.optional(),
      /** Of the new video, as the following two. */
      projectId: InProject,
      externalId: ExternalId.optional(),
      videoMetadata: Metadata.optional(),
      ...ResumableUploadOf,
    }),
    output: ResumableUpload,
    errors: [
      'VIDEO_NOT_FOUND',
      'PROJECT_NOT_FOUND',
      'SOURCE_ALREADY_UPLOADED',
      'REPLACEMENT_IN_PROGRESS',
      'SOURCE_TYPE_UNSUPPORTED',
      'ACCOUNT_ERASED',
      'VIDEO_LIMIT_REACHED',
      'EXTERNAL_ID_TAKEN',
      'UPLOAD_LIMIT_REACHED',
      ...TOO_MUCH,
      ...DECLARATIONS,
    ],
    idempotent: false,
  },
  settleUpload: {
    summary: 'Get the offset of an upload; ends the request that still writes to it',
    input: OneUpload.extend({
      /** Whether all bytes of a known length are the whole file, as in tus. In the IETF protocol a request says that it is. */
      wholeByLength: z.boolean().default(false),
    }),
    output: ResumableUpload,
    errors: GONE,
    idempotent: true,
  },
  beginPiece: {
    summary:
      'Begin the next part of an upload; answers where it is written, and ends the request that still writes to it',
    input: OneUpload.extend({
      /** Number of bytes that are stored according to the client. */
      offset: z.number().int().nonnegative(),
      declared: Declared.optional(),
    }),
    output: z.object({
      videoId: Id,
      projectId: Id,
      pieceId: Id,
      pieceKey: z.string(),
      maxBytes: z.number().int().nonnegative(),
      lengthKnown: z.boolean(),
    }),
    errors: [
      ...GONE,
      'UPLOAD_OFFSET_MISMATCH',
      'UPLOAD_COMPLETED',
      'VIDEO_NOT_FOUND',
      'SOURCE_ALREADY_UPLOADED',
      ...TOO_MUCH,
      ...DECLARATIONS,
    ],
    idempotent: true,
  },
  endPiece: {
    summary: 'End a part of an upload and add its bytes to the offset',
    input: OnePiece.extend({
      /** The file ends with this part, of which all bytes have arrived. */
      last: z.boolean().default(false),
    }),
    output: ResumableUpload,
    errors: [...GONE, 'UPLOAD_SUPERSEDED', ...DECLARATIONS],
    idempotent: true,
  },
  keepUpload: {
    summary: 'Keep an upload from expiring while its bytes arrive; fails when it was ended',
    input: OneUpload.extend({ pieceId: Id.optional() }),
    output: Nothing,
    errors: [...GONE, 'UPLOAD_SUPERSEDED'],
    idempotent: true,
  },
  beginHeadStart: {
    summary:
      'Report that the first bytes of an upload can be read, so that its first segments are encoded speculatively',
    input: OneUpload.extend({ bytes: z.number().int().positive() }),
    output: z.object({
      /** Whether a task will read these bytes. */
      wanted: z.boolean(),
    }),
    errors: ['UPLOAD_NOT_FOUND'],
    idempotent: true,
  },
  abandonUpload: {
    summary: 'Abandon an upload: deletes its bytes, and the video if it was created for this upload',
    input: OneUpload,
    output: Nothing,
    errors: ['UPLOAD_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
