import { z } from 'zod'
import { FileDigest, Verdict } from './evidence.ts'
import { Overlay } from './media/watermark.ts'
import { Id, Timestamp } from './shared.ts'
import { StoryboardGrid } from './storyboard.ts'

/** What a worker is asked to do and what it says it did: a few KiB, and some 110 bytes a segment for long sound. */

/** Frames per second as a fraction: 30000/1001 is exact, 29.97 is not. */
export const FrameRate = z.object({ num: z.number().int().positive(), den: z.number().int().positive() })
export type FrameRate = z.infer<typeof FrameRate>

/** What ffprobe found, in one vocabulary for planner and encoder. Sizes are as displayed, after rotation and pixel aspect. */
export const SourceFacts = z.object({
  container: z.string(),
  durationSeconds: z.number().nonnegative(),
  video: z.object({
    streamIndex: z.number().int(),
    codec: z.string(),
    pixelFormat: z.string(),
    width: z.number().int().positive(),
    height: z.number().int().positive(),
    /** The constant rate that all renditions get; at most 60. */
    frameRate: FrameRate,
    /** What the file itself says, on average. */
    sourceRate: FrameRate.optional(),
    /** True where the source's own frames do not lie on that rate's grid, so frames are repeated or dropped. */
    resample: z.boolean(),
    /** Frames of the constant-rate picture from its first frame to its last. */
    frameCount: z.number().int().positive(),
    interlaced: z.boolean(),
    hdr: z.boolean(),
    /** In ffprobe's words, `bt709`, `smpte170m` …; absent where the source does not say. */
    colorMatrix: z.string().optional(),
    /** Seconds on the source's own clock at which the first picture stands. */
    startTime: z.number(),
    /** The source has pictures before the first one, which are left out. */
    clipped: z.boolean().optional(),
    /** Present where the pictures, as they are, can be cut into segments of `segmentGrid` that every player takes. */
    copyable: z
      .object({
        /** Bits a second of the largest of these segments. */
        peakBitrate: z.number().int().positive(),
      })
      .optional(),
  }),
  audio: z
    .object({
      streamIndex: z.number().int(),
      codec: z.string(),
      channels: z.number().int().positive(),
      sampleRate: z.number().int().positive(),
      startTime: z.number(),
    })
    .nullable(),
})
export type SourceFacts = z.infer<typeof SourceFacts>

/** A chapter as a source has it; whatever somebody wrote there. */
export const SourceChapter = z.object({
  /** Seconds on the source's own clock. */
  start: z.number(),
  title: z.string(),
})
export type SourceChapter = z.infer<typeof SourceChapter>

/** One rung of the ladder. */
export const Rung = z.object({
  /** By the short side: `240p`, `1080p`. */
  name: z.string(),
  width: z.number().int().positive(),
  height: z.number().int().positive(),
  /** Cap in kbit/s. */
  maxrate: z.number().int().positive(),
})
export type Rung = z.infer<typeof Rung>

export const TaskWork = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('probe'), sourceKey: z.string() }),
  z.object({
    kind: z.literal('audio'),
    sourceKey: z.string(),
    facts: SourceFacts,
    /** Length of every segment but the last, in seconds. */
    segmentSeconds: z.number().positive(),
    /** Segments before this one have been published by an earlier attempt. */
    firstSegment: z.number().int().nonnegative(),
  }),
  z.object({
    kind: z.literal('video'),
    sourceKey: z.string(),
    facts: SourceFacts,
    /** Of each rung, segments before its first one belong to another task. */
    rungs: z.array(Rung.extend({ firstSegment: z.number().int().nonnegative() })).min(1),
    /** The pictures of the source are cut into segments as they are; only for all of it, and one rung of its size. */
    copied: z.boolean().optional(),
    /** Frames from one key frame to the next; about two seconds. */
    gopFrames: z.number().int().positive(),
    /** Frames of every segment but the video's last; a multiple of `gopFrames`. */
    segmentFrames: z.number().int().positive(),
    chunk: z.object({
      startFrame: z.number().int().nonnegative(),
      frameCount: z.number().int().positive(),
      firstSegment: z.number().int().nonnegative(),
    }),
    watermark: Overlay.optional(),
  }),
  z.object({
    kind: z.literal('poster'),
    sourceKey: z.string(),
    facts: SourceFacts,
    watermark: Overlay.optional(),
    /** Seconds from the first picture; absent: the worker chooses. */
    time: z.number().nonnegative().optional(),
  }),
  z.object({
    kind: z.literal('storyboard'),
    /** Published media playlist of the rendition that the pictures are taken from. */
    renditionKey: z.string(),
    grid: StoryboardGrid,
  }),
  z.object({
    kind: z.literal('download'),
    /** Published media playlists of one rendition, and of the sound if there is any. */
    pictureKey: z.string(),
    soundKey: z.string().nullable(),
    frameCount: z.number().int().positive(),
  }),
  z.object({
    kind: z.literal('finalise'),
    /** Folder of the published playlists; the check starts at `master.m3u8` and follows it as a player does. */
    playlistKey: z.string(),
    frameRate: FrameRate,
    frameCount: z.number().int(),
    hasAudio: z.boolean(),
    /** By name of the media playlist: the digest of all its files as they were made, where it is known. */
    contents: z.record(z.string(), z.string()).optional(),
  }),
])
export type TaskWork = z.infer<typeof TaskWork>
export type TaskKind = TaskWork['kind']

/** A task as a worker holds it. Only the attempt with this lease token may finish it. */
export const ClaimedTask = z.object({
  taskId: Id,
  videoId: Id,
  attempt: z.number().int().positive(),
  leaseToken: Id,
  /** The lease ends this many milliseconds after the last heartbeat. */
  leaseMs: z.number().int().positive(),
  /** Storage folder that this attempt alone writes. */
  outputKey: z.string(),
  work: TaskWork,
})
export type ClaimedTask = z.infer<typeof ClaimedTask>

/**
 * Why an attempt ended badly. `input`: the file's fault, never retried. `host`: ours, retried.
 * `memory`: killed at the memory limit, retried once.
 */
export const TaskCause = z.object({
  class: z.enum(['input', 'host', 'memory']),
  code: z.string(),
  /** A sentence the owner of the video understands. */
  detail: z.string(),
})
export type TaskCause = z.infer<typeof TaskCause>

export const TaskStatus = z.enum(['waiting', 'queued', 'running', 'done', 'failed', 'cancelled'])
export type TaskStatus = z.infer<typeof TaskStatus>

/** A task as operators see it. */
export const Task = z.object({
  id: Id,
  videoId: Id,
  ownerId: Id,
  kind: z.string(),
  label: z.string(),
  status: TaskStatus,
  attempt: z.number().int(),
  /** Who works on it, or did last. */
  worker: z.string().nullable(),
  percent: z.number().int(),
  /** When work on it began for the first time. */
  startedAt: Timestamp.nullable(),
  /** A running task whose worker says nothing until then is given to another. */
  leaseUntil: Timestamp.nullable(),
  cause: TaskCause.nullable(),
})
export type Task = z.infer<typeof Task>

/** The message on a task queue: so little that redelivery is harmless. */
export const TaskMessage = z.object({ taskId: Id, attempt: z.number().int().positive() })
export type TaskMessage = z.infer<typeof TaskMessage>

/** Hex. Absent in what was made before hashes were kept. */
const SegmentSha256 = z.string().optional()

const RenditionPart = z.object({
  name: z.string(),
  /** RFC 6381, e.g. `avc1.64001f`. */
  codecs: z.string(),
  /** Number of the first of these segments in the video. */
  firstSegment: z.number().int().nonnegative(),
  /** Bytes and frames of each segment, in order. Files: `<name>/init.mp4`, `<name>/<number>.m4s` under the output key. */
  segments: z.array(
    z.object({
      bytes: z.number().int().positive(),
      frames: z.number().int().positive(),
      sha256: SegmentSha256,
      /** Of each group of pictures the bytes that give its first one: offset in the file, length. Absent in what was recorded before it was told. */
      keyFrames: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])).optional(),
    }),
  ),
  initBytes: z.number().int().positive(),
  /** Equal over all chunks of a rendition, or the chunks do not belong together. */
  initSha256: z.string(),
})

const AudioPart = z.object({
  kind: z.literal('audio'),
  codecs: z.string(),
  channels: z.number().int().positive(),
  initBytes: z.number().int().positive(),
  initSha256: z.string().optional(),
  firstSegment: z.number().int().nonnegative(),
  /** Files: `init.mp4`, `<number>.m4s` under the output key. */
  segments: z.array(
    z.object({ bytes: z.number().int().positive(), seconds: z.number().positive(), sha256: SegmentSha256 }),
  ),
})

const VideoPart = z.object({ kind: z.literal('video'), renditions: z.array(RenditionPart) })

/** Segments that follow one another, checked and in storage: all that an attempt wrote, or what it wrote since it last told. */
export const MediaPart = z.discriminatedUnion('kind', [AudioPart, VideoPart])
export type MediaPart = z.infer<typeof MediaPart>

export const TaskResult = z.discriminatedUnion('kind', [
  /** Without chapters from workers that did not look for them. */
  z.object({ kind: z.literal('probe'), facts: SourceFacts, chapters: z.array(SourceChapter).optional() }),
  z.object({ kind: z.literal('poster'), posterKey: z.string() }),
  /** Files: `sprite-<number>.jpg` under the output key, as many as the grid needs. */
  z.object({ kind: z.literal('storyboard') }),
  /** File: `download.mp4` under the output key. */
  z.object({ kind: z.literal('download'), bytes: z.number().int().positive() }),
  AudioPart,
  VideoPart,
  z.object({
    kind: z.literal('finalise'),
    bytes: z.number().int(),
    /** Of all rules, none of them broken; with the playlists that were read. Absent from workers that did not tell. */
    verdicts: z.array(Verdict).optional(),
    playlists: z.array(FileDigest).optional(),
  }),
])
export type TaskResult = z.infer<typeof TaskResult>
