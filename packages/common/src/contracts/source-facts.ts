import { z } from 'zod'

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
  surround: z.boolean().optional().meta({
    description: 'Whether it has five channels or more in known places, so that it is published as 5.1 as well.',
    example: true,
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

const Copyable = z.object({
  peakBitrate: z
    .number()
    .int()
    .positive()
    .meta({ description: 'Bits per second of the largest of these segments.', example: 6000000 }),
  part: z.literal(true).optional().meta({
    description: 'The file is cut off: this is true of the file that its index tells of.',
    example: true,
  }),
})

/** The result of ffprobe, in the terms of planner and encoder. Sizes are as displayed, after rotation and pixel aspect ratio. */
export const SourceFacts = z.object({
  kind: z.literal('audio').optional().meta({
    description:
      'Present for a source without frames. `video` is then the grid of its audio, one frame of AAC after another, with the size of its picture; its other fields say nothing.',
    example: 'audio',
  }),
  cover: z
    .object({
      streamIndex: z.number().int().meta({ description: 'Index of the stream in the file.', example: 1 }),
      codec: z.string().meta({ description: 'Codec as ffprobe names it.', example: 'mjpeg' }),
    })
    .optional()
    .meta({ description: 'The cover picture of a source without frames; absent if there is none.' }),
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
      copyable: Copyable.optional().meta({
        description: 'Present if frames of H.264 can be cut into segments without encoding.',
      }),
      // Not in `copyable`: an earlier version of media would take such frames for a rendition that everybody can play.
      copyableHevc: Copyable.optional().meta({
        description: 'Present if frames of HEVC can be cut into segments without encoding.',
      }),
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
