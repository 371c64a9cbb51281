import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { AllowedDomains, DOMAINS_EXAMPLE } from '../allowed-domains.ts'
import { IfRevision, NO_CONTROL, NO_CONTROL_BUT_LINES, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { ExternalId, Metadata, MetadataFilter } from './metadata.ts'
import {
  InProject,
  METADATA_EXAMPLE,
  OneVideo,
  SearchText,
  Title,
  Video,
  VideoKind,
  VideoStatus,
  Visibility,
} from './video.ts'

export const Description = z.string().max(5000).regex(NO_CONTROL_BUT_LINES)
export const Tags = z.array(z.string().trim().min(1).max(50).regex(NO_CONTROL)).max(20)
const InstantPlayback = z.boolean().meta({
  description:
    'Whether others may watch the uploaded file, without its metadata, until the first segments exist. Off by default: what is seen in an original cannot be taken back.',
  example: false,
})

const MetadataField = Metadata.optional().meta({
  description: 'What your system keeps with it: up to 50 pairs; keys of 1 to 40 characters, values of up to 500.',
  example: METADATA_EXAMPLE,
})
const ExpiresAt = Timestamp.nullable().optional().meta({
  description: 'When the video is deleted (UTC), in the future; null: it is kept.',
})
const OwnDomains = AllowedDomains.nullable().optional().meta({
  description:
    'Host names of the sites whose pages may play the video, up to 50, each for all of its ports; `*.example.com` is every name below `example.com`. An empty list: all sites. null: as the project says.',
  example: DOMAINS_EXAMPLE,
})
const SourceExpiresAt = Timestamp.nullable().optional().meta({
  description:
    'When the source is removed (UTC), in the future, and not before the video is ready; the video plays on. null: the source is kept, whatever the setting of the installation.',
})

/** Videos, for their owners and viewers. */
export const videos = {
  createVideo: {
    summary: 'Create a video',
    description:
      'The video waits for its source: upload it with `PUT /v1/videos/{videoId}/source`, or with a resumable upload that names this video.',
    input: z.strictObject({
      title: Title.meta({ description: 'Title, on one line.', example: 'Holiday 2026' }),
      description: Description.default('').meta({
        description: 'Description; line breaks are allowed.',
        example: 'Two weeks at the lake',
      }),
      tags: Tags.default([]).meta({ description: 'Words to find the video by.', example: ['holiday', 'lake'] }),
      externalId: ExternalId.nullable().optional().meta({
        description: 'What your system calls it: up to 200 characters, unique in the project.',
        example: 'order-4711',
      }),
      metadata: MetadataField,
      projectId: InProject,
      visibility: Visibility.default('private').meta({
        description:
          'private: only members of its project and holders of a link. unlisted: whoever knows the id. public: everybody.',
        example: 'private',
      }),
      instantPlayback: InstantPlayback.optional(),
      allowedDomains: OwnDomains,
      expiresAt: ExpiresAt,
      sourceExpiresAt: SourceExpiresAt,
    }),
    output: Video,
    errors: ['PROJECT_NOT_FOUND', 'ACCOUNT_ERASED', 'VIDEO_LIMIT_REACHED', 'EXTERNAL_ID_TAKEN'],
    idempotent: false,
  },
  getVideo: {
    summary: 'Get a video',
    description:
      'Public and unlisted videos need no access token; a private video is found by members of its project only.',
    input: OneVideo,
    output: Video,
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
  },
  listVideos: {
    summary: 'List videos',
    description: 'The videos of a project, newest first unless `sort` says otherwise.',
    input: PageQuery.extend({
      projectId: InProject,
      q: SearchText.optional().meta({
        description: 'Text to look for in titles and descriptions.',
        example: 'holiday',
      }),
      status: VideoStatus.optional().meta({ description: 'Only entries with this status.', example: 'ready' }),
      visibility: Visibility.optional().meta({
        description:
          'private: only members of its project and holders of a link. unlisted: whoever knows the id. public: everybody.',
        example: 'private',
      }),
      kind: VideoKind.optional().meta({ description: 'Only entries of this kind.', example: 'audio' }),
      tag: z
        .string()
        .max(50)
        .regex(NO_CONTROL)
        .optional()
        .meta({ description: 'Only videos with this tag.', example: 'lake' }),
      externalId: ExternalId.optional().meta({ description: 'Only the video with this id.', example: 'order-4711' }),
      metadata: MetadataFilter.optional().meta({
        description: 'Only videos with these pairs, up to 10: `?metadata[customer]=42`.',
        example: { customer: '42' },
        param: { style: 'deepObject', explode: true },
      }),
      createdAfter: Timestamp.optional().meta({ description: 'Only videos created later than this (UTC).' }),
      createdBefore: Timestamp.optional().meta({ description: 'Only videos created earlier than this (UTC).' }),
      sort: z
        .enum(['createdAt', '-createdAt', 'title', '-title'])
        .default('-createdAt')
        .meta({ description: 'Field to sort by; with - in front, descending.', example: '-createdAt' }),
    }),
    output: pageOf(Video),
    errors: ['PROJECT_NOT_FOUND', 'VALIDATION_FAILED', 'RATE_LIMITED'],
    idempotent: true,
  },
  updateVideo: {
    summary: 'Update a video',
    description:
      'Changes title, description, tags, external id, metadata, visibility, instant playback, allowed domains or an expiry. Fields that are left out stay as they are.',
    input: OneVideo.extend({
      title: Title.optional().meta({ description: 'Title, on one line.', example: 'Holiday 2026' }),
      description: Description.optional().meta({
        description: 'Description; line breaks are allowed.',
        example: 'Two weeks at the lake',
      }),
      tags: Tags.optional().meta({ description: 'Words to find the video by.', example: ['holiday', 'lake'] }),
      externalId: ExternalId.nullable().optional().meta({
        description: 'What your system calls it: up to 200 characters, unique in the project; null removes it.',
        example: 'order-4711',
      }),
      metadata: MetadataField.meta({
        description: 'Replaces all pairs: up to 50; keys of 1 to 40 characters, values of up to 500.',
        example: METADATA_EXAMPLE,
      }),
      ifRevision: IfRevision,
      visibility: Visibility.optional().meta({
        description:
          'private: only members of its project and holders of a link. unlisted: whoever knows the id. public: everybody.',
        example: 'private',
      }),
      instantPlayback: InstantPlayback.optional(),
      allowedDomains: OwnDomains,
      expiresAt: ExpiresAt,
      sourceExpiresAt: SourceExpiresAt,
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'EXTERNAL_ID_TAKEN', 'VIDEO_CHANGED'],
    idempotent: true,
  },
  deleteVideo: {
    summary: 'Delete a video',
    description: 'Deletes its files and playback links as well. This cannot be undone.',
    input: OneVideo.extend({ ifRevision: IfRevision }),
    output: Nothing,
    errors: ['VIDEO_NOT_FOUND', 'VIDEO_CHANGED'],
    idempotent: true,
  },
  retryVideo: {
    summary: 'Retry a failed video',
    description: 'Repeats the tasks that failed; with `rendition`, only those of that rendition.',
    input: OneVideo.extend({
      rendition: z
        .string()
        .max(20)
        .optional()
        .meta({ description: 'Retry only this rendition, by its name.', example: '720p' }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'RENDITION_NOT_FOUND', 'NOTHING_TO_RETRY', 'SOURCE_REMOVED'],
    idempotent: false,
  },
  choosePoster: {
    summary: 'Choose the poster of a video',
    description: 'Makes a poster from the frame at `time`. The present poster stays until the new one is stored.',
    input: OneVideo.extend({
      time: z
        .number()
        .min(0)
        .max(604_800)
        .meta({ description: 'Second of the video to take the poster from.', example: 12.5 }),
    }),
    output: Video,
    errors: ['VIDEO_NOT_FOUND', 'PLAYBACK_NOT_READY', 'VIDEO_WITHOUT_FRAMES', 'SOURCE_REMOVED'],
    // A repeated call replaces the poster by the same one.
    idempotent: true,
  },
  createClip: {
    summary: 'Create a clip',
    description:
      'Creates a new private video from a part of one that is ready, in the same project. The clip does not depend on the original afterwards.',
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
    errors: [
      ...['VIDEO_NOT_FOUND', 'VIDEO_NOT_READY', 'SOURCE_REMOVED', 'ACCOUNT_ERASED'],
      ...['QUOTA_EXCEEDED', 'UPLOAD_TOO_LARGE'],
    ],
    idempotent: false,
  },
} as const satisfies Record<string, MethodSpec>
