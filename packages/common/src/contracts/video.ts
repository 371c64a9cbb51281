import { z } from 'zod'
import { Id, Timestamp } from './shared.ts'
import { Storyboard } from './storyboard.ts'

export const VideoStatus = z.enum(['awaiting_upload', 'uploaded', 'processing', 'ready', 'failed'])
export type VideoStatus = z.infer<typeof VideoStatus>

export const Visibility = z.enum(['private', 'unlisted', 'public'])
export type Visibility = z.infer<typeof Visibility>

export const Progress = z.object({
  percent: z.number().min(0).max(100),
  stage: z.enum(['waiting', 'probing', 'transcoding', 'finalising', 'done']),
  /** Seconds until the video is ready, about; null where nothing is known. Defaults for senders that are older than it. */
  etaSeconds: z.number().int().min(0).nullable().default(null),
})

export const VideoError = z.object({ code: z.string(), detail: z.string() })

export const Source = z.object({
  filename: z.string().nullable(),
  bytes: z.number().int(),
  sha256: z.string(),
  container: z.string().nullable(),
  durationSeconds: z.number().nullable(),
  width: z.number().int().nullable(),
  height: z.number().int().nullable(),
  frameRate: z.number().nullable(),
  videoCodec: z.string().nullable(),
  audioCodec: z.string().nullable(),
})

/** Addresses that work as they are; a private video's carry a short-lived token. */
export const Playback = z.object({
  hlsUrl: z.string(),
  posterUrl: z.string().nullable(),
  storyboardUrl: z.string().nullable(),
})

export const Video = z.object({
  id: Id,
  ownerId: Id,
  title: z.string(),
  description: z.string(),
  tags: z.array(z.string()),
  visibility: Visibility,
  status: VideoStatus,
  playable: z.boolean(),
  progress: Progress,
  source: Source.nullable(),
  renditions: z.array(
    z.object({
      name: z.string(),
      width: z.number().int(),
      height: z.number().int(),
      /** Average bits per second; null until it is measured. */
      bitrate: z.number().int().nullable(),
      /** Failed is what was not ready when its video failed; a retry goes on with it. */
      status: z.enum(['processing', 'ready', 'failed']),
    }),
  ),
  playback: Playback.nullable(),
  error: VideoError.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
  readyAt: Timestamp.nullable(),
})
export type Video = z.infer<typeof Video>

export const PlaybackToken = z.object({
  id: Id,
  token: z.string(),
  hlsUrl: z.string(),
  posterUrl: z.string().nullable(),
  storyboardUrl: z.string().nullable(),
  expiresAt: Timestamp,
})

/** What is kept of a playback link; the token itself is not. */
export const PlaybackTokenInfo = z.object({
  id: Id,
  videoId: Id,
  createdAt: Timestamp,
  expiresAt: Timestamp,
  revokedAt: Timestamp.nullable(),
})
export type PlaybackTokenInfo = z.infer<typeof PlaybackTokenInfo>

/** What the holder of a playback link may fetch. */
export const PlaybackGrant = z.object({
  videoId: Id,
  /** Null for a public or unlisted video played by its id. */
  tokenId: Id.nullable(),
  maxHeight: z.number().int().nullable(),
  download: z.boolean(),
  /** Storage key of the poster picture; null until there is one. */
  posterKey: z.string().nullable(),
  storyboard: Storyboard.nullable(),
  captions: z.array(z.object({ lang: z.string(), key: z.string() })),
  chaptersKey: z.string().nullable(),
  expiresAt: Timestamp.nullable(),
})
export type PlaybackGrant = z.infer<typeof PlaybackGrant>

export const TimelineEntry = z.object({
  taskId: Id,
  kind: z.string(),
  label: z.string(),
  attempt: z.number().int(),
  state: z.enum(['queued', 'running', 'done', 'failed', 'lost', 'released']),
  worker: z.string().nullable(),
  queuedAt: Timestamp,
  startedAt: Timestamp.nullable(),
  endedAt: Timestamp.nullable(),
  cause: VideoError.nullable(),
  /** What its tools printed can be read. */
  hasLog: z.boolean(),
})

/** A task that nobody works on, and what has to happen first. */
export const WaitingTask = z.object({
  taskId: Id,
  kind: z.string(),
  label: z.string(),
  reason: z.enum(['worker', 'pause', 'turn', 'start', 'tasks', 'playlists', 'retry']),
  /** The same as a sentence. */
  detail: z.string(),
  /** The end of the pause. */
  until: Timestamp.nullable(),
})
export type WaitingTask = z.infer<typeof WaitingTask>
