import { z } from 'zod'
import { Id, NO_CONTROL, Timestamp } from '../shared.ts'
import { WARNINGS_EXAMPLE, Warnings } from '../warnings.ts'
import { Metadata } from './metadata.ts'

export const Title = z.string().trim().min(1).max(200).regex(NO_CONTROL)

/** What lists look for in texts. */
export const SearchText = z.string().trim().min(1).max(200).regex(NO_CONTROL)

export const OneVideo = z.strictObject({ videoId: Id.meta({ description: 'Id of the video.' }) })

/** The project of a request. */
export const InProject = Id.optional().meta({
  description: 'Id of the project. Without it that of the API key, or the personal project of the caller.',
})

export const VideoStatus = z.enum(['awaiting_upload', 'uploaded', 'processing', 'ready', 'failed'])
export type VideoStatus = z.infer<typeof VideoStatus>

/** Whether a video has frames. */
export const VideoKind = z.enum(['video', 'audio'])
export type VideoKind = z.infer<typeof VideoKind>

export const Visibility = z.enum(['private', 'unlisted', 'public'])
export type Visibility = z.infer<typeof Visibility>

export const Progress = z.object({
  percent: z.number().min(0).max(100).meta({ description: 'Percent of the work that is done.', example: 42.5 }),
  stage: z
    .enum(['waiting', 'probing', 'transcoding', 'finalising', 'done'])
    .meta({ description: 'What is being done now.', example: 'transcoding' }),
  etaSeconds: z
    .number()
    .int()
    .min(0)
    .nullable()
    .default(null)
    .meta({ description: 'Estimated seconds until the video is ready; null if unknown.', example: 95 }),
})

export const VideoError = z.object({
  code: z.string().meta({ description: 'Stable code of the cause.', example: 'SOURCE_CORRUPT' }),
  detail: z
    .string()
    .meta({ description: 'The cause as a sentence.', example: 'The file is damaged, or it is not a video.' }),
})

export const Source = z.object({
  filename: z
    .string()
    .nullable()
    .meta({ description: 'File name that the client gave; null without one.', example: 'holiday.mp4' }),
  bytes: z.number().int().meta({ description: 'Size of the file in bytes.', example: 73400320 }),
  sha256: z.string().meta({
    description: 'SHA-256 of the file in hexadecimal.',
    example: 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  }),
  container: z.string().nullable().meta({
    description: 'Container format as ffprobe names it; null before the file is probed.',
    example: 'mov,mp4,m4a,3gp,3g2,mj2',
  }),
  durationSeconds: z
    .number()
    .nullable()
    .meta({ description: 'Duration in seconds; null before the file is probed.', example: 182.4 }),
  width: z.number().int().nullable().meta({ description: 'Width in pixels.', example: 1280 }),
  height: z.number().int().nullable().meta({ description: 'Height in pixels.', example: 720 }),
  frameRate: z
    .number()
    .nullable()
    .meta({ description: 'Frames per second; null before the file is probed.', example: 29.97 }),
  videoCodec: z
    .string()
    .nullable()
    .meta({ description: 'Video codec; null before the file is probed.', example: 'h264' }),
  audioCodec: z
    .string()
    .nullable()
    .meta({ description: 'Audio codec; null without audio or before the file is probed.', example: 'aac' }),
})

/** Complete playback addresses; those of a private video contain a short-lived token. */
export const Playback = z.object({
  hlsUrl: z.string().meta({
    description:
      'Address of the HLS master playlist; for a private video it carries a short-lived token. Until the video is `playable` it answers 409.',
    example: 'https://video.example.org/play/abc/master.m3u8',
  }),
  posterUrl: z.string().nullable().meta({
    description: 'Address of the poster; null until there is one.',
    example: 'https://video.example.org/play/abc/poster.jpg',
  }),
  storyboardUrl: z.string().nullable().meta({
    description: 'Address of the storyboard (WebVTT); null until there is one.',
    example: 'https://video.example.org/play/abc/storyboard.vtt',
  }),
  waveformUrl: z.string().nullable().default(null).meta({
    description: 'Address of the waveform (PNG) of a video of the kind audio; null for others, and until there is one.',
    example: null,
  }),
  sourceUrl: z.string().optional().meta({
    description:
      'Address of the uploaded file, which browsers play as it is; absent once the video is `playable`, and where they do not play it.',
    example: 'https://video.example.org/play/abc/source',
  }),
})

/** Id of an audio track, within its video: a number from 1, without leading zeros. */
export const AudioTrackId = z.string().regex(/^[1-9]\d{0,2}$/)

export const AudioTrack = z.object({
  id: z.string().meta({ description: 'Id of the track; unique within its video.', example: '2' }),
  language: z
    .string()
    .nullable()
    .meta({ description: 'Language in the canonical form of BCP 47; null if it is unknown.', example: 'de' }),
  name: z
    .string()
    .meta({ description: 'What the menu of a player shows; unique within its video.', example: 'Deutsch' }),
  default: z.boolean().meta({ description: 'Whether players begin with it; true for one track.', example: true }),
  channels: z.number().int().meta({ description: 'Number of channels of the track in the source.', example: 2 }),
  audioDescription: z
    .boolean()
    .meta({ description: 'Whether it describes the frames to people who do not see them.', example: false }),
  hidden: z.boolean().default(false).meta({
    description: 'Whether players are not offered it. Only members of the project see hidden tracks.',
    example: false,
  }),
  added: z.boolean().default(false).meta({
    description: 'Whether its owner has added it; false for tracks of the source.',
    example: false,
  }),
  status: z.enum(['processing', 'ready', 'failed']).meta({
    description: 'failed: it could not be processed, and the video does not have it.',
    example: 'ready',
  }),
})
export type AudioTrack = z.infer<typeof AudioTrack>

const AUDIO_TRACKS_EXAMPLE: AudioTrack[] = [
  {
    ...{ id: '1', language: 'de', name: 'Deutsch', default: true },
    ...{ channels: 2, audioDescription: false, hidden: false, added: false, status: 'ready' },
  },
  {
    ...{ id: '2', language: 'en', name: 'English', default: false },
    ...{ channels: 6, audioDescription: false, hidden: false, added: false, status: 'processing' },
  },
]

export const METADATA_EXAMPLE = { customer: '42', plan: 'gold' }

export const Video = z.object({
  id: Id.meta({ description: 'Id of the video.' }),
  ownerId: Id.meta({ description: 'Id of the account that created the video.' }),
  projectId: Id.meta({
    description: 'Id of the project that owns the video; a personal project has the id of its account.',
  }),
  kind: VideoKind.default('video').meta({
    description:
      'audio: its source has audio but no frames, except perhaps a cover. video: all others, and every video before it is probed.',
    example: 'video',
  }),
  title: z.string().meta({ description: 'Title, on one line.', example: 'Holiday 2026' }),
  description: z
    .string()
    .meta({ description: 'Description, of one or several lines.', example: 'Two weeks at the lake' }),
  tags: z.array(z.string()).meta({ description: 'Words to find the video by.', example: ['holiday', 'lake'] }),
  externalId: z.string().nullable().default(null).meta({
    description: 'What your system calls it; unique in its project. Null without one, and for others than its members.',
    example: 'order-4711',
  }),
  metadata: Metadata.default({}).meta({
    description: 'What your system keeps with it: pairs of strings. Empty for others than members of its project.',
    example: METADATA_EXAMPLE,
  }),
  visibility: Visibility.meta({
    description:
      'private: only members of its project and holders of a link. unlisted: everybody who knows the id. public: everybody.',
    example: 'private',
  }),
  status: VideoStatus.meta({
    description: 'How far the video has come: awaiting_upload, uploaded, processing, ready or failed.',
    example: 'ready',
  }),
  playable: z
    .boolean()
    .meta({ description: 'Whether it can be played now, possibly not yet in all renditions.', example: true }),
  progress: Progress.meta({ description: 'How far processing has come.' }),
  source: Source.nullable().meta({ description: 'The uploaded file; null before the upload is complete.' }),
  renditions: z
    .array(
      z.object({
        name: z.string().meta({
          description: 'Name of the rendition, by its short side; with `-hevc` for the frames of an HEVC source.',
          example: '720p',
        }),
        width: z.number().int().meta({ description: 'Width in pixels.', example: 1280 }),
        height: z.number().int().meta({ description: 'Height in pixels.', example: 720 }),
        bitrate: z
          .number()
          .int()
          .nullable()
          .meta({ description: 'Average bits per second; null until it is measured.', example: 2500000 }),
        status: z.enum(['processing', 'ready', 'failed']).meta({
          description: 'failed: it was not ready when processing of the video failed; a retry continues it.',
          example: 'ready',
        }),
      }),
    )
    .meta({ description: 'The video in each of its sizes; empty for the kind audio.' }),
  audioTracks: z.array(AudioTrack).default([]).meta({
    description: 'The audio tracks, in the order that players show; empty for a silent video and before it is probed.',
    example: AUDIO_TRACKS_EXAMPLE,
  }),
  instantPlayback: z.boolean().default(false).meta({
    description: 'Whether others than the owner may watch the uploaded file until the first segments exist.',
    example: false,
  }),
  playback: Playback.nullable().meta({ description: 'Addresses to play it at; null while it cannot be played.' }),
  error: VideoError.nullable().meta({ description: 'Why processing failed; null unless status is failed.' }),
  warnings: Warnings.default([]).meta({
    description:
      'What was left out of the video although it did not fail: tracks, seconds, frames. Empty for viewers who are not members of its project.',
    example: WARNINGS_EXAMPLE,
  }),
  revision: z.number().int().default(1).meta({
    description: 'Number of its version. Grows with each update by a member, not with the progress of processing.',
    example: 3,
  }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
  updatedAt: Timestamp.meta({ description: 'When it was last changed (UTC).' }),
  readyAt: Timestamp.nullable().meta({ description: 'When processing was complete (UTC); null before that.' }),
  expiresAt: Timestamp.nullable().default(null).meta({
    description: 'When it is deleted (UTC); null if it is kept, and for others than members of its project.',
  }),
})
export type Video = z.infer<typeof Video>
