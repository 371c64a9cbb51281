import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { Metadata } from './metadata.ts'
import { DECLARATIONS, ResumableUpload, ResumableUploadOf, uploads } from './uploads.ts'
import { InProject, Progress, Title, VideoError, VideoStatus, Visibility } from './video.ts'
import { Description, Tags } from './videos.ts'

const DAY_SECONDS = 86_400
/** What a column of 32 bits holds is more than any file needs: a hundred days. */
const MAX_DURATION_SECONDS = 100 * DAY_SECONDS

/** A media type in lower case without parameters (RFC 9110 section 8.3.1), or all of a kind. */
const MediaType = z
  .string()
  .max(100)
  .regex(/^[a-z0-9][a-z0-9!#$&^_.+-]*\/(\*|[a-z0-9][a-z0-9!#$&^_.+-]*)$/)

/** An origin as browsers send it (RFC 6454): in lower case, without a default port and without a slash at its end. */
const Origin = z
  .string()
  .max(300)
  .regex(/^https?:\/\/[^/?#\s]+$/)
  .refine((text) => URL.canParse(text) && new URL(text).origin === text, 'must be an origin, as browsers send it')

/** What a link allows, and what its videos are given. */
const settings = {
  title: Title.nullable().meta({
    description: 'Title of the videos. Null, or left out: the name of each file.',
    example: 'Applications 2026',
  }),
  description: Description.meta({ description: 'Description of the videos.', example: 'Sent by applicants' }),
  tags: Tags.meta({ description: 'Tags of the videos.', example: ['application'] }),
  visibility: Visibility.meta({ description: 'Visibility of the videos.', example: 'private' }),
  metadata: Metadata.meta({
    description: 'Metadata of the videos: up to 50 pairs of strings, each copied to every video.',
    example: { application: '4711' },
  }),
  maxBytes: z.number().int().min(1).max(Number.MAX_SAFE_INTEGER).nullable().meta({
    description: 'Most bytes of one file. Null, or left out: as many as the project may upload.',
    example: 104857600,
  }),
  maxDurationSeconds: z.number().int().min(1).max(MAX_DURATION_SECONDS).nullable().meta({
    description:
      'Longest duration of one video in seconds. A longer one fails with `VIDEO_TOO_LONG` when its file has been read. Null, or left out: as long as the project may upload.',
    example: 300,
  }),
  contentTypes: z
    .array(MediaType)
    .min(1)
    .max(20)
    .nullable()
    .meta({
      description:
        'Content types of the files, such as `video/mp4` or `video/*`. What is declared is checked before the upload, what the file is afterwards. Null, or left out: every video.',
      example: ['video/mp4', 'video/quicktime'],
    }),
  allowedOrigins: z
    .array(Origin)
    .min(1)
    .max(20)
    .nullable()
    .meta({
      description:
        'Origins of the pages that may use the link. Null, or left out: all. Programs that are no browsers send none.',
      example: ['https://jobs.example.org'],
    }),
  uses: z.number().int().min(1).max(1000).meta({ description: 'How many files the link takes.', example: 1 }),
}

/** The same setting in a request, where it is left out instead of null. */
function optional<S extends z.ZodType>(setting: z.ZodNullable<S>) {
  return setting
    .unwrap()
    .optional()
    .meta({ ...setting.meta() })
}

const Uses = z.number().int().min(0).meta({ description: 'How many files the link still takes.', example: 1 })
const ExpiresAt = Timestamp.meta({ description: 'When it expires (UTC).' })
const LinkId = Id.meta({ description: 'Id of the upload link.' })

/** A link as its project sees it, without its token. */
export const UploadLink = z.object({
  id: LinkId,
  projectId: Id.meta({ description: 'Id of the project that gets the videos.' }),
  ownerId: Id.meta({ description: 'Id of the account that created the link; it is the owner of the videos.' }),
  ...settings,
  usesLeft: Uses,
  videoIds: z.array(Id).meta({
    description: 'Ids of the videos that came by the link, newest first, without those that were deleted.',
    example: ['01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55'],
  }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
  expiresAt: ExpiresAt,
  revokedAt: Timestamp.nullable().meta({
    description: 'When the link was revoked (UTC); null if it was not.',
    example: null,
  }),
})
export type UploadLink = z.infer<typeof UploadLink>

/** With its address, which has the token in it. */
export const NewUploadLink = UploadLink.extend({
  url: z.string().meta({
    description:
      'Address for one PUT with the whole file; with `/tus` after it, for tus clients. The token in it is shown here only.',
    example: 'https://video.example.org/u/0mYzTq8vK3RkqjX1f6n7bW5cPz2dLh9sAoEuGiN4tQw',
  }),
})

/** What visitors may know of a link. */
export const UploadLinkOffer = z.object({
  maxBytes: settings.maxBytes,
  maxDurationSeconds: settings.maxDurationSeconds,
  contentTypes: settings.contentTypes,
  expiresAt: ExpiresAt,
  usesLeft: Uses,
})

/** What visitors may know of a video that came by their link. */
export const UploadLinkVideo = z.object({
  id: Id.meta({ description: 'Id of the video.' }),
  status: VideoStatus.meta({ description: 'How far the video is.', example: 'processing' }),
  progress: Progress.meta({
    description: 'Progress of the work.',
    example: { percent: 42.5, stage: 'transcoding', etaSeconds: 95 },
  }),
  error: VideoError.nullable().meta({ description: 'Why the video failed; null otherwise.', example: null }),
})
export type UploadLinkVideo = z.infer<typeof UploadLinkVideo>

/** A link as a gateway finds it by its token. */
export const OpenedUploadLink = UploadLinkOffer.extend({
  id: LinkId,
  ownerId: Id,
  projectId: Id,
  allowedOrigins: settings.allowedOrigins,
  /** Begins nothing any more; what it began can be finished and seen for another day. */
  expired: z.boolean(),
})
export type OpenedUploadLink = z.infer<typeof OpenedUploadLink>

const OneLink = z.strictObject({ linkId: LinkId })
const ENDED = ['UPLOAD_LINK_NOT_FOUND', 'UPLOAD_LINK_EXPIRED', 'UPLOAD_LINK_REVOKED'] as const
const REFUSED = [
  ...ENDED,
  'UPLOAD_LINK_USED_UP',
  'SOURCE_TYPE_UNSUPPORTED',
  'UPLOAD_TOO_LARGE',
  'QUOTA_EXCEEDED',
  'UPLOAD_LIMIT_REACHED',
  'VIDEO_LIMIT_REACHED',
  'ACCOUNT_ERASED',
] as const

/** Links by which visitors without an account upload videos to a project. */
export const uploadLinks = {
  createUploadLink: {
    summary: 'Create an upload link',
    description:
      'Whoever has the link can upload to the project without an account, until it is used up, expires or is revoked. Its address is shown once.',
    input: z.strictObject({
      projectId: InProject,
      title: optional(settings.title),
      description: settings.description.default(''),
      tags: settings.tags.default([]),
      visibility: settings.visibility.default('private'),
      metadata: settings.metadata.default({}),
      maxBytes: optional(settings.maxBytes),
      maxDurationSeconds: optional(settings.maxDurationSeconds),
      contentTypes: optional(settings.contentTypes),
      allowedOrigins: optional(settings.allowedOrigins),
      uses: settings.uses.default(1),
      expiresIn: z
        .number()
        .int()
        .min(10)
        .max(30 * DAY_SECONDS)
        .default(DAY_SECONDS)
        .meta({ description: 'Seconds for which the link is valid; at most 30 days.', example: 86400 }),
    }),
    output: NewUploadLink,
    errors: ['PROJECT_NOT_FOUND', 'FORBIDDEN', 'ACCOUNT_ERASED', 'UPLOAD_LINK_LIMIT_REACHED'],
    idempotent: false,
  },
  listUploadLinks: {
    summary: 'List upload links',
    description: 'Those of a project, newest first, also expired ones for 30 days.',
    input: PageQuery.extend({ projectId: InProject }),
    output: pageOf(UploadLink),
    errors: ['PROJECT_NOT_FOUND', 'FORBIDDEN', 'VALIDATION_FAILED'],
    idempotent: true,
  },
  getUploadLink: {
    summary: 'Get an upload link',
    input: OneLink,
    output: UploadLink,
    errors: ['UPLOAD_LINK_NOT_FOUND', 'FORBIDDEN'],
    idempotent: true,
  },
  revokeUploadLink: {
    summary: 'Revoke an upload link',
    description: 'The link is refused at once, and uploads under way are cut off. Videos that have come stay.',
    input: OneLink,
    output: Nothing,
    errors: ['UPLOAD_LINK_NOT_FOUND', 'FORBIDDEN'],
    idempotent: true,
  },
  openUploadLink: {
    summary: 'Find an upload link by the hash of its token; for gateways',
    input: z.strictObject({ digest: z.string().length(43) }),
    output: OpenedUploadLink,
    errors: ENDED,
    idempotent: true,
  },
  beginLinkUpload: {
    summary: 'Begin an upload in one request by an upload link: takes a use of it and creates the video',
    input: uploads.beginUpload.input.omit({ videoId: true }),
    output: uploads.beginUpload.output,
    errors: REFUSED,
    idempotent: false,
  },
  createLinkUpload: {
    summary: 'Create a resumable upload by an upload link: takes a use of it and creates the video',
    input: z.strictObject(ResumableUploadOf),
    output: ResumableUpload,
    errors: [...REFUSED, ...DECLARATIONS],
    idempotent: false,
  },
  getLinkVideo: {
    summary: 'Get the state of a video that came by an upload link',
    input: z.strictObject({ videoId: Id }),
    output: UploadLinkVideo,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
