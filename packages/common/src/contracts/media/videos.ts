import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { NO_CONTROL, NO_CONTROL_BUT_LINES, Nothing, PageQuery, pageOf } from '../shared.ts'
import { OneVideo, Title, Video, VideoStatus, Visibility } from './video.ts'

const Description = z.string().max(5000).regex(NO_CONTROL_BUT_LINES)
const Tags = z.array(z.string().trim().min(1).max(50).regex(NO_CONTROL)).max(20)

/** Videos as their owners and viewers know them. */
export const videos = {
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
  choosePoster: {
    summary: 'Make another poster, of the picture at this time; the present one stays until the new one is there',
    input: OneVideo.extend({
      time: z
        .number()
        .min(0)
        .max(604_800)
        .meta({ description: 'Second of the video to take the poster from.', example: 12.5 }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_NOT_READY'],
    // Done twice, the second one counts, and is the same.
    idempotent: true,
  },
  createClip: {
    summary: 'Make a private video of a part of one that is ready; it needs that one no longer',
    input: OneVideo.extend({
      start: z.number().min(0).max(1_000_000).meta({
        description: 'Second of the source at which the clip starts, moved to the nearest frame.',
        example: 12.5,
      }),
      end: z
        .number()
        .positive()
        .max(1_000_000)
        .meta({ description: 'Second of the source at which the clip ends, moved to the nearest frame.', example: 42 }),
      title: Title.optional().meta({
        description: 'Title of the clip; without it that of the source.',
        example: 'Highlights',
      }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'VIDEO_NOT_READY', 'ACCOUNT_ERASED', 'QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
