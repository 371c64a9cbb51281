import { z } from 'zod'
import { FileDigest, Verdict } from './evidence.ts'
import { Overlay } from './media/watermark.ts'
import { Id, Timestamp } from './shared.ts'
import { StoryboardGrid } from './storyboard.ts'

/** Tasks of workers and their results: a few KiB, plus some 110 bytes per segment for long audio. */

/** Frames per second as a fraction: 30000/1001 is exact, 29.97 is not. */
export const FrameRate = z.object({
  num: z.number().int().positive().meta({ description: 'Numerator.', example: 30000 }),
  den: z.number().int().positive().meta({ description: 'Denominator.', example: 1001 }),
})
export type FrameRate = z.infer<typeof FrameRate>

const SourceAudio = z.object({
  streamIndex: z.number().int().meta({ description: 'Index of the stream in the file.', example: 0 }),
  codec: z.string().meta({ description: 'Codec as ffprobe names it.', example: 'h264' }),
  channels: z.number().int().positive().meta({ description: 'Number of audio channels.', example: 2 }),
  sampleRate: z.number().int().positive().meta({ description: 'Audio samples per second.', example: 48000 }),
  startTime: z
    .number()
    .meta({ description: 'Second on the clock of the source at which the track starts.', example: 0 }),
  mixedWith: z
    .array(z.number().int())
    .optional()
    .meta({
      description: 'Indexes of the other mono tracks of the same recording, which are mixed in.',
      example: [2],
    }),
  language: z.string().max(50).optional().meta({ description: 'Language as the file has it.', example: 'ger' }),
  title: z.string().max(200).optional().meta({ description: 'Title of the track in the file.', example: 'Commentary' }),
  audioDescription: z
    .boolean()
    .optional()
    .meta({ description: 'Whether the track describes the frames to people who do not see them.', example: true }),
})
export type SourceAudio = z.infer<typeof SourceAudio>

/** Audio tracks of one video; further ones of a source are left out. */
export const MAX_AUDIO_TRACKS = 16

/** The result of ffprobe, in the terms of planner and encoder. Sizes are as displayed, after rotation and pixel aspect ratio. */
export const SourceFacts = z.object({
  container: z
    .string()
    .meta({ description: 'Container format as ffprobe names it.', example: 'mov,mp4,m4a,3gp,3g2,mj2' }),
  durationSeconds: z.number().nonnegative().meta({ description: 'Duration in seconds.', example: 182.4 }),
  video: z
    .object({
      streamIndex: z.number().int().meta({ description: 'Index of the stream in the file.', example: 0 }),
      codec: z.string().meta({ description: 'Codec as ffprobe names it.', example: 'h264' }),
      pixelFormat: z.string().meta({ description: 'Pixel format as ffprobe names it.', example: 'yuv420p' }),
      width: z.number().int().positive().meta({ description: 'Width in pixels, as displayed.', example: 1280 }),
      height: z.number().int().positive().meta({ description: 'Height in pixels, as displayed.', example: 720 }),
      frameRate: FrameRate.meta({ description: 'Constant frame rate of all renditions; at most 60.' }),
      sourceRate: FrameRate.optional().meta({ description: 'Average frame rate of the file itself.' }),
      resample: z
        .boolean()
        .meta({ description: 'Whether frames are repeated or dropped to reach the frame rate.', example: false }),
      frameCount: z
        .number()
        .int()
        .positive()
        .meta({ description: 'Number of frames at the constant rate.', example: 5466 }),
      interlaced: z.boolean().meta({ description: 'Whether the source is interlaced.', example: false }),
      hdr: z.boolean().meta({ description: 'Whether the source has a high dynamic range.', example: false }),
      colorMatrix: z
        .string()
        .optional()
        .meta({ description: 'Colour matrix as ffprobe names it; absent if the source has none.', example: 'bt709' }),
      colorPrimaries: z
        .string()
        .optional()
        .meta({ description: 'Colour primaries as ffprobe names them; absent if not declared.', example: 'bt709' }),
      colorTransfer: z.string().optional().meta({
        description: 'Transfer characteristic as ffprobe names it; absent if not declared.',
        example: 'bt709',
      }),
      startTime: z
        .number()
        .meta({ description: 'Second on the clock of the source at which the track starts.', example: 0 }),
      shown: z
        .object({
          from: z.number().int().meta({ description: 'The first of these frames.', example: 0 }),
          to: z.number().int().meta({ description: 'The frame after the last of them.', example: 75 }),
        })
        .optional()
        .meta({
          description:
            'Frames of the grid that the track itself has: before them the video is black, after them the last one is held. Absent if it has all.',
        }),
      clipped: z
        .boolean()
        .optional()
        .meta({ description: 'Whether frames before the first usable one were left out.', example: false }),
      copyable: z
        .object({
          peakBitrate: z
            .number()
            .int()
            .positive()
            .meta({ description: 'Bits per second of the largest of these segments.', example: 6000000 }),
        })
        .optional()
        .meta({ description: 'Present if the frames can be cut into segments without encoding.' }),
    })
    .meta({ description: 'The video track.' }),
  audio: SourceAudio.nullable().meta({
    description: 'The audio track that players begin with; null without audio.',
  }),
  otherAudio: z
    .array(SourceAudio)
    .optional()
    .meta({ description: 'All other audio tracks of the video; absent if there are none.' }),
})
export type SourceFacts = z.infer<typeof SourceFacts>

/** A chapter as the source declares it; the text is not validated. */
export const SourceChapter = z.object({
  /** Seconds on the source's own clock. */
  start: z.number(),
  title: z.string(),
})
export type SourceChapter = z.infer<typeof SourceChapter>

/** A subtitle track of a source that is text. */
export const SourceSubtitles = z.object({
  streamIndex: z.number().int().meta({ description: 'Index of the stream in the file.', example: 3 }),
  codec: z.string().meta({ description: 'Codec as ffprobe names it.', example: 'subrip' }),
  language: z.string().max(50).optional().meta({ description: 'Language as the file has it.', example: 'ger' }),
  title: z.string().max(200).optional().meta({ description: 'Title of the track in the file.', example: 'Full' }),
  /** Only texts that viewers need although they understand the audio. */
  forced: z.boolean().optional(),
  /** For viewers who do not hear the audio. */
  sdh: z.boolean().optional(),
})
export type SourceSubtitles = z.infer<typeof SourceSubtitles>

/** Subtitle tracks of one source that become captions; further ones are left out. */
export const MAX_SOURCE_SUBTITLES = 32

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
    /** Frames from one key frame to the next; about two seconds. */
    gopFrames: z.number().int().positive(),
    /** Frames of every segment but the video's last; a multiple of `gopFrames`. */
    segmentFrames: z.number().int().positive(),
    chunk: z.object({
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
      /** Position of each key frame in the file: offset and length in bytes. Absent in results of earlier versions. */
      keyFrames: z.array(z.tuple([z.number().int().nonnegative(), z.number().int().positive()])).optional(),
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
  /** Files: `<stream index>.srt` under the output key, for each of `found`, with times of the video. */
  z.object({
    kind: z.literal('subtitles').meta({ description: 'Kind of task.', example: 'video' }),
    found: z.array(z.number().int()),
  }),
  /** File: `download.mp4` under the output key. */
  z.object({
    kind: z.literal('download').meta({ description: 'Kind of task.', example: 'video' }),
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
