import { z } from 'zod'
import { FileDigest, Verdict } from './evidence.ts'
import { Overlay } from './media/watermark.ts'
import { Id, Timestamp } from './shared.ts'
import { FrameRate, MAX_SOURCE_SUBTITLES, SourceChapter, SourceFacts, SourceSubtitles } from './source-facts.ts'
import { StoryboardGrid } from './storyboard.ts'

/** Tasks of workers and their results: a few KiB, plus some 110 bytes per segment for long audio. */
/** File formats of stills, by the ending of their names. */
export const StillFormat = z.enum(['jpg', 'webp', 'avif'])
export type StillFormat = z.infer<typeof StillFormat>

/** One rung of the ladder. */
export const Rung = z.object({
  /** By the short side: `240p`, `1080p`. */
  name: z.string(),
  width: z.number().int().positive().meta({ description: 'Width in pixels, as displayed.', example: 1280 }),
  height: z.number().int().positive().meta({ description: 'Height in pixels, as displayed.', example: 720 }),
  /** Cap in kbit/s. */
  maxrate: z.number().int().positive(),
})
export type Rung = z.infer<typeof Rung>

export const TaskWork = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('probe').meta({ description: 'Kind of task.', example: 'video' }),
    sourceKey: z.string(),
  }),
  z.object({
    kind: z.literal('audio').meta({ description: 'Kind of task.', example: 'video' }),
    sourceKey: z.string(),
    facts: SourceFacts,
    /** Id of the track, where it is one of `otherAudio`. */
    track: z.string().optional(),
    /** Index of its stream in the file; without it, that of `facts.audio`. */
    streamIndex: z.number().int().optional(),
    /** Length of every segment but the last, in seconds. */
    segmentSeconds: z.number().positive(),
    /** Number of the first segment to make; an earlier attempt published those before it. */
    firstSegment: z.number().int().nonnegative(),
  }),
  z.object({
    kind: z.literal('video').meta({ description: 'Kind of task.', example: 'video' }),
    sourceKey: z.string(),
    facts: SourceFacts,
    /** Rungs to make. Another task makes the segments of a rung before its `firstSegment`. */
    rungs: z.array(Rung.extend({ firstSegment: z.number().int().nonnegative() })).min(1),
    /** Whether the source is remuxed: its frames are cut into segments without encoding. Only for the whole source and one rung. */
    copied: z.boolean().optional(),
    /** Whether another task makes the first segments that a viewer waits for. */
    rest: z.boolean().optional(),
    /** Frames from one key frame to the next; about two seconds. */
    gopFrames: z.number().int().positive(),
    /** Frames of every segment but the video's last, where the chunk has no `cuts`. */
    segmentFrames: z.number().int().positive(),
    chunk: z.object({
      /** The first frame of each of its segments, counted in the chunk. Absent in tasks of earlier versions. */
      cuts: z.array(z.number().int().nonnegative()).optional(),
      startFrame: z.number().int().nonnegative(),
      frameCount: z
        .number()
        .int()
        .positive()
        .meta({ description: 'Number of frames at the constant rate.', example: 5466 }),
      firstSegment: z.number().int().nonnegative(),
    }),
    watermark: Overlay.optional(),
  }),
  z.object({
    kind: z.literal('poster').meta({ description: 'Kind of task.', example: 'video' }),
    sourceKey: z.string(),
    facts: SourceFacts,
    watermark: Overlay.optional(),
    /** Seconds from the first frame; without it the worker chooses a frame. */
    time: z.number().nonnegative().optional(),
  }),
  z.object({
    kind: z.literal('subtitles').meta({ description: 'Kind of task.', example: 'video' }),
    sourceKey: z.string(),
    facts: SourceFacts,
    tracks: z.array(SourceSubtitles).min(1).max(MAX_SOURCE_SUBTITLES),
  }),
  z.object({
    kind: z.literal('transcribe').meta({ description: 'Kind of task.', example: 'video' }),
    /** Id of the audio track, and its published media playlist. */
    track: z.string(),
    audioKey: z.string(),
    /** Of the track, or what an engine found in an earlier piece of it; null if it is not known. */
    language: z.string().nullable(),
    /** Second of the video at which the piece begins, and its greatest length in seconds. */
    from: z.number().nonnegative(),
    seconds: z.number().positive(),
    /** Id of the captions that earlier pieces made; absent while there are none. */
    captionsId: Id.optional(),
  }),
  z.object({
    kind: z.literal('storyboard').meta({ description: 'Kind of task.', example: 'video' }),
    /** Published media playlist of the rendition whose frames are used. */
    renditionKey: z.string(),
    grid: StoryboardGrid,
  }),
  z.object({
    kind: z.literal('download').meta({ description: 'Kind of task.', example: 'video' }),
    /** Published media playlists of one rendition, and of the audio if the video has audio. */
    pictureKey: z.string(),
    soundKey: z.string().nullable(),
    frameCount: z
      .number()
      .int()
      .positive()
      .meta({ description: 'Number of frames at the constant rate.', example: 5466 }),
  }),
  z.object({
    kind: z.literal('still').meta({ description: 'Kind of task.', example: 'video' }),
    /** Published media playlist of the largest rendition, which has the frame. */
    renditionKey: z.string(),
    frameRate: FrameRate.meta({ description: 'Constant frame rate of all renditions; at most 60.' }),
    /** Number of the frame, from 0. */
    frame: z.number().int().nonnegative(),
    /** Size of the rendition. */
    size: z.object({
      width: z.number().int().positive().meta({ description: 'Width in pixels, as displayed.', example: 1280 }),
      height: z.number().int().positive().meta({ description: 'Height in pixels, as displayed.', example: 720 }),
    }),
    /** Width of the picture, at most that of the rendition. */
    width: z.number().int().positive().meta({ description: 'Width in pixels, as displayed.', example: 1280 }),
    format: StillFormat,
  }),
  z.object({
    kind: z.literal('finalise').meta({ description: 'Kind of task.', example: 'video' }),
    /** Folder of the published playlists; the check starts at `master.m3u8` and follows it as a player does. */
    playlistKey: z.string(),
    frameRate: FrameRate.meta({ description: 'Constant frame rate of all renditions; at most 60.' }),
    frameCount: z.number().int().meta({ description: 'Number of frames at the constant rate.', example: 5466 }),
    hasAudio: z.boolean(),
    /** Digest of all files of a media playlist when they were made, by the playlist's name; missing where it is unknown. */
    contents: z.record(z.string(), z.string()).optional(),
  }),
])
export type TaskWork = z.infer<typeof TaskWork>
export type TaskKind = TaskWork['kind']

/** A task that a worker has claimed. Only the attempt with this lease token can finish it. */
export const ClaimedTask = z.object({
  taskId: Id.meta({ description: 'Id of the task.' }),
  videoId: Id.meta({ description: 'Id of the video.' }),
  attempt: z.number().int().positive().meta({ description: 'Number of the attempt, from 1.', example: 1 }),
  leaseToken: Id,
  /** The lease ends this many milliseconds after the last heartbeat. */
  leaseMs: z.number().int().positive(),
  /** Storage folder that only this attempt writes to. */
  outputKey: z.string(),
  work: TaskWork,
})
export type ClaimedTask = z.infer<typeof ClaimedTask>

/**
 * Why an attempt failed. `input`: fault of the file, never retried. `host`: fault of the system, retried.
 * `memory`: killed at the memory limit, retried once.
 */
export const TaskCause = z.object({
  class: z.enum(['input', 'host', 'memory']).meta({
    description: 'input: the file is at fault. host: the system is. memory: the memory limit was reached.',
    example: 'input',
  }),
  code: z.string().meta({ description: 'Stable code of the cause.', example: 'SOURCE_CORRUPT' }),
  detail: z.string().meta({ description: 'The cause as a sentence.', example: 'The file is damaged.' }),
})
export type TaskCause = z.infer<typeof TaskCause>

export const TaskStatus = z.enum(['waiting', 'queued', 'running', 'done', 'failed', 'cancelled'])
export type TaskStatus = z.infer<typeof TaskStatus>

/** A task as operators see it. */
export const Task = z.object({
  id: Id.meta({ description: 'Id of the task.' }),
  videoId: Id.meta({ description: 'Id of the video.' }),
  ownerId: Id.meta({ description: 'Id of the account that owns the video.' }),
  kind: z.string().meta({ description: 'Kind of task.', example: 'video' }),
  label: z.string().meta({ description: 'Which task of its kind, for people.', example: 'video 720p 1/4' }),
  status: TaskStatus.meta({ description: 'How far the task has come.', example: 'running' }),
  attempt: z.number().int().meta({ description: 'Number of the attempt, from 1.', example: 1 }),
  worker: z
    .string()
    .nullable()
    .meta({ description: 'Worker that has the task or had it last; null before the first.', example: 'worker-1' }),
  percent: z.number().int().meta({ description: 'Percent of the task that is done.', example: 40 }),
  startedAt: Timestamp.nullable().meta({ description: 'When work first began (UTC); null before that.' }),
  leaseUntil: Timestamp.nullable().meta({
    description: 'If the worker sends nothing until then, another gets the task (UTC); null unless it runs.',
  }),
  cause: TaskCause.nullable().meta({ description: 'Why the last attempt failed; null if it did not.' }),
})
export type Task = z.infer<typeof Task>

/** The message on a task queue. It only names the task, so redelivery is harmless. */
export const TaskMessage = z.object({
  taskId: Id.meta({ description: 'Id of the task.' }),
  attempt: z.number().int().positive().meta({ description: 'Number of the attempt, from 1.', example: 1 }),
})
export type TaskMessage = z.infer<typeof TaskMessage>

/** Hex. Absent in results of versions that stored no hashes. */
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
      /**
       * Position of each key frame in the file: offset and length in bytes, and its frame, counted in the segment. Absent in
       * results of earlier versions; without the frame, they are as far apart as `gopFrames` says.
       */
      keyFrames: z
        .array(
          z.tuple([
            z.number().int().nonnegative(),
            z.number().int().positive(),
            z.number().int().nonnegative().optional(),
          ]),
        )
        .optional(),
    }),
  ),
  initBytes: z.number().int().positive(),
  /** Must be the same for all chunks of a rendition. */
  initSha256: z.string(),
})

const AudioPart = z.object({
  kind: z.literal('audio').meta({ description: 'Kind of task.', example: 'video' }),
  /** As in the work. */
  track: z.string().optional(),
  codecs: z.string(),
  channels: z.number().int().positive().meta({ description: 'Number of audio channels.', example: 2 }),
  initBytes: z.number().int().positive(),
  initSha256: z.string().optional(),
  firstSegment: z.number().int().nonnegative(),
  /** Files: `init.mp4`, `<number>.m4s` under the output key. */
  segments: z.array(
    z.object({ bytes: z.number().int().positive(), seconds: z.number().positive(), sha256: SegmentSha256 }),
  ),
})

const VideoPart = z.object({
  kind: z.literal('video').meta({ description: 'Kind of task.', example: 'video' }),
  renditions: z.array(RenditionPart),
})

/** Consecutive segments that are checked and in storage: all of an attempt, or those since its last heartbeat. */
export const MediaPart = z.discriminatedUnion('kind', [AudioPart, VideoPart])
export type MediaPart = z.infer<typeof MediaPart>

export const TaskResult = z.discriminatedUnion('kind', [
  /** `chapters` is absent in results of earlier versions. */
  z.object({
    kind: z.literal('probe').meta({ description: 'Kind of task.', example: 'video' }),
    facts: SourceFacts,
    /** The first frame of each segment, if the frames can be cut into segments without encoding. */
    cuts: z.array(z.number().int().nonnegative()).optional(),
    chapters: z.array(SourceChapter).optional(),
    /** Absent if there are none. */
    subtitles: z.array(SourceSubtitles).max(MAX_SOURCE_SUBTITLES).optional(),
  }),
  z.object({
    kind: z.literal('poster').meta({ description: 'Kind of task.', example: 'video' }),
    posterKey: z.string(),
  }),
  /** Files: `sprite-<number>.jpg` under the output key, as many as the grid needs. */
  z.object({ kind: z.literal('storyboard').meta({ description: 'Kind of task.', example: 'video' }) }),
  /** Files: `<stream index>.vtt` under the output key, for each of `found`, with times of the video. */
  z.object({
    kind: z.literal('subtitles').meta({ description: 'Kind of task.', example: 'video' }),
    found: z.array(z.number().int()),
  }),
  /** File, if there are cues: `transcript.vtt` under the output key, with times of the video. */
  z.object({
    kind: z.literal('transcribe').meta({ description: 'Kind of task.', example: 'video' }),
    /** Second of the video at which the piece ends: a quiet moment, or the end. */
    to: z.number().nonnegative(),
    /** Whether the audio ends there. */
    ended: z.boolean(),
    cues: z.number().int().nonnegative(),
    /** As the engine found it; null if it did not say. */
    language: z.string().max(50).nullable(),
  }),
  /** File: `download.mp4` under the output key. */
  z.object({
    kind: z.literal('download').meta({ description: 'Kind of task.', example: 'video' }),
    bytes: z.number().int().positive(),
  }),
  /** File: `still.<format>` under the output key. */
  z.object({
    kind: z.literal('still').meta({ description: 'Kind of task.', example: 'video' }),
    bytes: z.number().int().positive(),
  }),
  AudioPart,
  VideoPart,
  z.object({
    kind: z.literal('finalise').meta({ description: 'Kind of task.', example: 'video' }),
    bytes: z.number().int(),
    /** Verdicts on all rules, none of them broken, and the playlists that were read. Absent in results of earlier versions. */
    verdicts: z.array(Verdict).optional(),
    playlists: z.array(FileDigest).optional(),
  }),
])
export type TaskResult = z.infer<typeof TaskResult>
