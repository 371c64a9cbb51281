import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { Storyboard } from '../storyboard.ts'
import { StillFormat } from '../work.ts'
import { AudioTrackId, OneVideo, Playback, Visibility } from './video.ts'

export const PlaybackToken = z.object({
  id: Id.meta({ description: 'Id of the link, to revoke it by.' }),
  token: z.string().meta({
    description: 'The playback token, which replaces the id of the video in playback addresses.',
    example: 'abc',
  }),
  ...Playback.omit({ sourceUrl: true }).shape,
  expiresAt: Timestamp.meta({ description: 'When it expires (UTC).' }),
})

/** A playback link as it is stored, without its token. */
export const PlaybackTokenInfo = z.object({
  id: Id.meta({ description: 'Id of the link.' }),
  videoId: Id.meta({ description: 'Id of the video.' }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
  expiresAt: Timestamp.meta({ description: 'When it expires (UTC).' }),
  revokedAt: Timestamp.nullable().meta({ description: 'When the link was revoked (UTC); null if it was not.' }),
})
export type PlaybackTokenInfo = z.infer<typeof PlaybackTokenInfo>

/** What the holder of a playback link may fetch. */
export const PlaybackGrant = z.object({
  videoId: Id.meta({ description: 'Id of the video.' }),
  projectId: Id.meta({ description: 'Id of the project of the video.' }),
  /** Null for a public or unlisted video played by its id, and for tokens that a playback key has signed. */
  tokenId: Id.nullable().meta({ description: 'Id of the playback link.' }),
  visibility: Visibility,
  maxHeight: z.number().int().nullable(),
  download: z.boolean(),
  /** Storage key of the poster; null until it is made. */
  posterKey: z.string().nullable(),
  storyboard: Storyboard.nullable(),
  captions: z.array(
    z.object({ lang: z.string().meta({ description: 'Language tag (BCP 47).', example: 'pt-BR' }), key: z.string() }),
  ),
  chaptersKey: z.string().nullable(),
  expiresAt: Timestamp.nullable().meta({ description: 'When it expires (UTC).' }),
  /** Short sides of all renditions that are planned, in pixels. */
  heights: z.array(z.number().int()),
  durationSeconds: z.number(),
  /** Raised when the delivery of the video is revoked: addresses of a lower epoch are refused. */
  deliveryEpoch: z.number().int(),
  /** Which of the sources that the video has had is played; null: the first. */
  version: Id.nullable().default(null),
})
export type PlaybackGrant = z.infer<typeof PlaybackGrant>

/** The sites whose pages may play the videos of a project, and the revision of the project that says so. */
export const ProjectDomains = z.object({ domains: z.array(z.string()), revision: z.number().int() })
export type ProjectDomains = z.infer<typeof ProjectDomains>

/** A source that browsers play as it is; see `@kinora/formats/web-file`, which finds this out. */
export const WebFile = z.object({
  contentType: z.enum(['video/mp4', 'video/webm']),
  /** Bytes that are served as others: `head`, in hex, and zeros after it. Null: only the owner gets this file. */
  blanks: z.array(z.object({ at: z.number().int(), bytes: z.number().int(), head: z.string() })).nullable(),
})
export type WebFile = z.infer<typeof WebFile>

/** Links that play a video, and what their holders may fetch. */
export const playback = {
  createPlaybackToken: {
    summary: 'Create a playback link',
    description: 'The link plays this video until it expires or is revoked, without an account.',
    input: OneVideo.extend({
      expiresIn: z
        .number()
        .int()
        .min(10)
        .max(604_800)
        .default(3600)
        .meta({ description: 'Seconds for which the link is valid.', example: 3600 }),
      maxHeight: z
        .number()
        .int()
        .min(100)
        .max(4320)
        .optional()
        .meta({ description: 'Largest height in pixels that the link plays.', example: 720 }),
      download: z
        .boolean()
        .default(false)
        .meta({ description: 'Whether the link also allows downloads.', example: false }),
    }),
    output: PlaybackToken,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_NOT_READY', 'PLAYBACK_LINK_LIMIT_REACHED'],
    idempotent: false,
  },
  revokePlaybackToken: {
    summary: 'Revoke a playback link',
    description: 'The link is refused from the next request on.',
    input: OneVideo.extend({ tokenId: Id.meta({ description: 'Id of the playback link.' }) }),
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_TOKEN_NOT_FOUND'],
    idempotent: true,
  },
  revokeDelivery: {
    summary: 'Revoke the delivery of a video',
    description:
      'All addresses of its segments, pictures and captions that players have are refused within a second, also by caches that ask; others are to be purged by the tag. Links stay valid: players that open the video again get new addresses. Happens by itself when a video becomes private or is deleted.',
    input: OneVideo,
    output: z.object({
      revokedAt: Timestamp.meta({ description: 'When it was revoked (UTC).' }),
      cacheTag: z.string().meta({
        description: 'Value of Cache-Tag and Surrogate-Key of all its files, to purge caches by.',
        example: 'video-01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
      }),
    }),
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_NOT_READY'],
    idempotent: true,
  },
  listPlaybackRevocations: {
    summary:
      'List revoked playback tokens, videos whose delivery was revoked, or retired playback keys, that have not expired; for gateways',
    input: z.strictObject({ of: z.enum(['tokens', 'videos', 'keys']), after: Id.nullable() }),
    output: z.object({
      items: z.array(z.object({ id: Id, epoch: z.number().int().nullable(), expiresAt: Timestamp })),
      more: z.boolean(),
    }),
    errors: [],
    idempotent: true,
  },
  listPlaybackTokens: {
    summary: 'List the playback links of the personal project of the caller, newest first',
    input: PageQuery,
    output: pageOf(PlaybackTokenInfo),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
  },
  authorizePlayback: {
    summary: 'Get the files that a playback token, or the id of a public or unlisted video, allows to fetch',
    input: z.strictObject({
      reference: z.string().min(1).max(1024).meta({
        description: 'Playback token, or the id of a public or unlisted video.',
        example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
      }),
    }),
    output: PlaybackGrant,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_DENIED', 'PLAYBACK_NOT_READY'],
    idempotent: true,
  },
  findAllowedDomains: {
    summary: 'Get the sites whose pages may play a video; for gateways',
    input: OneVideo,
    output: z.object({
      projectId: Id,
      /** Null: as the project says. An empty list, here and below: all sites. */
      own: z.array(z.string()).nullable(),
      /** What auth has last said of the project; a gateway may have heard of a higher revision. */
      project: ProjectDomains,
    }),
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  authorizeSource: {
    summary: 'Get the source of a video for a browser that plays it as it is',
    input: z.strictObject({
      reference: z.string().min(1).max(1024).meta({
        description: 'Playback token, or the id of a public or unlisted video.',
        example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
      }),
    }),
    output: WebFile.extend({ videoId: Id, storageKey: z.string(), blanks: WebFile.shape.blanks.unwrap() }),
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_DENIED', 'SOURCE_NOT_PLAYABLE'],
    idempotent: true,
  },
  prepareStill: {
    summary:
      'Get the storage key of the frame that is shown at a time, as a picture; `make` starts the task that makes it',
    input: z.strictObject({
      reference: z.string().min(1).max(1024).meta({
        description: 'Playback token, or the id of a public or unlisted video.',
        example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
      }),
      /** Seconds from the first frame. */
      time: z.number().nonnegative(),
      /** Pixels; without it the width of the largest rendition. */
      width: z.number().int().positive().optional(),
      format: StillFormat,
      make: z.boolean(),
    }),
    output: z.discriminatedUnion('status', [
      z.object({ status: z.literal('ready'), storageKey: z.string() }),
      /** Its task waits or runs; `video.still-ended` says when it ends. */
      z.object({ status: z.literal('making'), stillId: Id }),
      z.object({ status: z.literal('absent') }),
    ]),
    errors: [
      ...(['VIDEO_NOT_FOUND', 'PLAYBACK_DENIED', 'PLAYBACK_NOT_READY', 'VIDEO_NOT_READY'] as const),
      ...(['FRAME_NOT_FOUND', 'STILL_LIMIT_REACHED'] as const),
    ],
    idempotent: true,
  },
  prepareDownload: {
    summary: 'Get the storage key of a rendition as one file; the first request starts the task that creates the file',
    input: z.strictObject({
      /** A playback token that allows downloads. */
      reference: z.string().min(1).max(1024).meta({
        description: 'Playback token, or the id of a public or unlisted video.',
        example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
      }),
      /** Short side of the rendition in pixels; without it, the audio alone. */
      height: z.number().int().min(1).max(99_999).optional(),
      /** Id of an audio track; without it, the default one. */
      audio: AudioTrackId.optional(),
    }),
    output: z.discriminatedUnion('status', [
      z.object({ status: z.literal('preparing'), videoId: Id }),
      z.object({
        status: z.literal('ready'),
        videoId: Id,
        storageKey: z.string(),
        title: z
          .string()
          .meta({ description: 'Title of the clip; without it that of the source.', example: 'Highlights' }),
      }),
    ]),
    errors: [
      ...(['VIDEO_NOT_FOUND', 'PLAYBACK_DENIED', 'PLAYBACK_NOT_READY', 'VIDEO_NOT_READY'] as const),
      ...(['DOWNLOAD_DENIED', 'DOWNLOAD_FAILED', 'FILE_NOT_FOUND'] as const),
    ],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
