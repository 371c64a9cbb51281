import { z } from 'zod'
import { defineContract } from '../contract.ts'
import { captions } from './media/captions.ts'
import { limits } from './media/limits.ts'
import { outputs } from './media/outputs.ts'
import { parked } from './media/parked.ts'
import { passport } from './media/passport.ts'
import { presentation } from './media/presentation.ts'
import { resumableUploads } from './media/resumable-uploads.ts'
import { storage } from './media/storage.ts'
import { taskLog } from './media/task-log.ts'
import { Title } from './media/video-text.ts'
import { watermark } from './media/watermark.ts'
import { webhooks } from './media/webhooks.ts'
import { Id, NO_CONTROL, NO_CONTROL_BUT_LINES, Nothing, PageQuery, pageOf } from './shared.ts'
import {
  PlaybackGrant,
  PlaybackToken,
  PlaybackTokenInfo,
  TimelineEntry,
  Video,
  VideoStatus,
  Visibility,
  WaitingTask,
} from './video.ts'
import { ClaimedTask, Task, TaskStatus } from './work.ts'

const Description = z.string().max(5000).regex(NO_CONTROL_BUT_LINES)
const Tags = z.array(z.string().trim().min(1).max(50).regex(NO_CONTROL)).max(20)
const OneVideo = z.strictObject({ videoId: Id.meta({ description: 'Id of the video.' }) })

export const media = defineContract('media', {
  createVideo: {
    summary: 'Make a video that waits for its source',
    input: z.strictObject({
      title: Title.meta({ description: 'Title, on one line.', example: 'Holiday 2026' }),
      description: Description.default('').meta({
        description: 'Description; line breaks are allowed.',
        example: 'Two weeks at the lake',
      }),
      tags: Tags.default([]).meta({ description: 'Words to find the video by.', example: ['holiday', 'lake'] }),
      visibility: Visibility.default('private').meta({
        description:
          'private: only its owner and holders of a link. unlisted: whoever knows the id. public: everybody.',
        example: 'private',
      }),
    }),
    output: Video,
    errors: ['ACCOUNT_ERASED'],
    idempotent: false,
  },
  getVideo: {
    summary: 'Fetch a video that the caller may see',
    input: OneVideo,
    output: Video,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  listVideos: {
    summary: 'The videos of the signed-in user, newest first unless sorted otherwise',
    input: PageQuery.extend({
      q: z
        .string()
        .trim()
        .min(1)
        .max(200)
        .regex(NO_CONTROL)
        .optional()
        .meta({ description: 'Text to look for in titles and descriptions.', example: 'holiday' }),
      status: VideoStatus.optional().meta({ description: 'Only entries with this status.' }),
      visibility: Visibility.optional().meta({
        description:
          'private: only its owner and holders of a link. unlisted: whoever knows the id. public: everybody.',
        example: 'private',
      }),
      tag: z
        .string()
        .max(50)
        .regex(NO_CONTROL)
        .optional()
        .meta({ description: 'Only videos with this tag.', example: 'lake' }),
      sort: z
        .enum(['createdAt', '-createdAt', 'title', '-title'])
        .default('-createdAt')
        .meta({ description: 'Field to sort by; with - in front, descending.', example: '-createdAt' }),
    }),
    output: pageOf(Video),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
  },
  updateVideo: {
    summary: 'Change what is written about a video, or who may see it',
    input: OneVideo.extend({
      title: Title.optional().meta({ description: 'Title, on one line.', example: 'Holiday 2026' }),
      description: Description.optional().meta({
        description: 'Description; line breaks are allowed.',
        example: 'Two weeks at the lake',
      }),
      tags: Tags.optional().meta({ description: 'Words to find the video by.', example: ['holiday', 'lake'] }),
      visibility: Visibility.optional().meta({
        description:
          'private: only its owner and holders of a link. unlisted: whoever knows the id. public: everybody.',
        example: 'private',
      }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  deleteVideo: {
    summary: 'Delete a video, its files and its playback links',
    input: OneVideo,
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
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
  retryVideo: {
    summary: 'Do the failed work of a video again; with a rendition only if that is what failed',
    input: OneVideo.extend({
      rendition: z
        .string()
        .max(20)
        .optional()
        .meta({ description: 'Retry only this rendition, by its name.', example: '720p' }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'RENDITION_NOT_FOUND', 'NOTHING_TO_RETRY'],
    idempotent: false,
  },
  getTimeline: {
    summary: 'Every attempt at every task of a video, oldest first, and what is still waiting',
    input: OneVideo,
    output: z.object({
      items: z.array(TimelineEntry).meta({ description: 'The entries of this page.' }),
      nextCursor: z.string().nullable().meta({
        description: 'Pass it as `cursor` to get the next page; null on the last page.',
        example: 'eyJhIjoxfQ',
      }),
      waiting: z.array(WaitingTask).meta({ description: 'Tasks that nobody works on yet, in the order of work.' }),
    }),
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  ...presentation,
  ...captions,
  ...passport,
  createPlaybackToken: {
    summary: 'Make a link that plays this video for a while',
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
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_NOT_READY'],
    idempotent: false,
  },
  revokePlaybackToken: {
    summary: 'Refuse a playback link from now on',
    input: OneVideo.extend({ tokenId: Id.meta({ description: 'Id of the playback link.' }) }),
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_TOKEN_NOT_FOUND'],
    idempotent: true,
  },
  listPlaybackTokens: {
    summary: 'All playback links that the signed-in user has made and that are still known, newest first',
    input: PageQuery,
    output: pageOf(PlaybackTokenInfo),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
  },
  authorizePlayback: {
    summary: 'What the holder of a playback token, or of the id of a public or unlisted video, may fetch',
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
  ...outputs,
  listTasks: {
    summary:
      'Tasks of all videos, newest video first; without a status those that run or have failed; for administrators',
    input: PageQuery.extend({
      status: TaskStatus.optional().meta({ description: 'Only entries with this status.' }),
      videoId: Id.optional().meta({ description: 'Id of the video.' }),
    }),
    output: pageOf(Task),
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  claimTask: {
    summary: 'Take a task; for workers',
    input: z.strictObject({
      taskId: Id.meta({ description: 'Id of the task.' }),
      attempt: z.number().int().positive(),
      worker: z.string().max(100),
      /** The broker has delivered this message before, so the worker that held it is gone. */
      redelivered: z.boolean(),
    }),
    output: ClaimedTask,
    errors: ['TASK_GONE'],
    // A claim whose answer was lost is taken over like that of a dead worker.
    idempotent: false,
    callers: ['worker'],
  },
  releaseTask: {
    summary: 'Give a task back untouched, because this worker stops; for workers',
    input: z.strictObject({
      taskId: Id.meta({ description: 'Id of the task.' }),
      attempt: z.number().int().positive(),
      leaseToken: Id,
    }),
    output: Nothing,
    errors: ['TASK_GONE'],
    idempotent: true,
    callers: ['worker'],
  },
  ...limits,
  ...parked,
  ...resumableUploads,
  ...storage,
  ...taskLog,
  ...watermark,
  ...webhooks,
})
