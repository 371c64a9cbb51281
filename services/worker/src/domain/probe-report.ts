import { z } from 'zod'
import { inputFault } from './task-failure.ts'

/** A stream in the report of ffprobe; the names of the fields are those of ffprobe. */
export const ProbedStream = z.object({
  index: z.number().int(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  width: z.number().int().optional(),
  height: z.number().int().optional(),
  sample_aspect_ratio: z.string().optional(),
  pix_fmt: z.string().optional(),
  field_order: z.string().optional(),
  color_space: z.string().optional(),
  color_primaries: z.string().optional(),
  color_transfer: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  nb_frames: z.coerce.number().optional(),
  start_time: z.coerce.number().optional(),
  duration: z.coerce.number().optional(),
  channels: z.number().int().optional(),
  sample_rate: z.coerce.number().optional(),
  disposition: z.object({ default: z.number(), attached_pic: z.number() }).optional(),
  tags: z.object({ language: z.string().optional(), title: z.string().optional() }).optional(),
  side_data_list: z
    .array(
      z.looseObject({
        rotation: z.number().optional(),
        dv_profile: z.number().optional(),
        dv_bl_signal_compatibility_id: z.number().optional(),
      }),
    )
    .optional(),
})
export type ProbedStream = z.infer<typeof ProbedStream>

const ProbedChapter = z.object({
  start_time: z.coerce.number(),
  tags: z.object({ title: z.string().optional() }).optional(),
})

/** The report of ffprobe, reduced to the fields that are used here. */
export const ProbeReport = z.object({
  format: z.object({ format_name: z.string(), duration: z.coerce.number().optional() }),
  streams: z.array(ProbedStream),
  // A video plays without chapters, so malformed ones are ignored.
  chapters: z.array(ProbedChapter).catch([]),
})
export type ProbeReport = z.infer<typeof ProbeReport>

/** The video stream that is shown: the default one, else the first; cover art is left out. Throws `NO_VIDEO_STREAM`. */
export function mainVideo({ streams }: ProbeReport): ProbedStream {
  const videos = streams.filter((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic)
  const main = videos.find((stream) => stream.disposition?.default) ?? videos[0]
  if (!main) throw inputFault('NO_VIDEO_STREAM')
  return main
}

/** Hz, below that of any speech codec; the resampler produces noise from less. */
const MIN_SAMPLE_RATE = 2000

/** The audio stream that is played: the default one, else the first. Streams that cannot be decoded are left out. */
export function mainAudio({ streams }: ProbeReport): ProbedStream | undefined {
  const audios = streams.filter(
    ({ codec_type, codec_name, channels, sample_rate, nb_frames }) =>
      codec_type === 'audio' &&
      codec_name !== undefined &&
      channels &&
      (sample_rate ?? 0) >= MIN_SAMPLE_RATE &&
      nb_frames !== 0,
  )
  return audios.find((stream) => stream.disposition?.default) ?? audios[0]
}

/** More are not a camera's. */
const MAX_MONO_TRACKS = 16

/**
 * The other tracks of a recording whose microphones each have a mono track of their own: all audio tracks are mono, and they
 * differ in nothing. Two languages, or a comment, differ.
 */
export function furtherMicrophones({ streams }: ProbeReport, main: ProbedStream): number[] {
  const audios = streams.filter(({ codec_type }) => codec_type === 'audio')
  const isAlike = (stream: ProbedStream) =>
    stream.channels === 1 &&
    stream.codec_name === main.codec_name &&
    stream.sample_rate === main.sample_rate &&
    stream.tags?.language === main.tags?.language &&
    stream.tags?.title === main.tags?.title
  if (audios.length > MAX_MONO_TRACKS || !audios.every(isAlike)) return []
  const recorded = audios.filter(({ nb_frames }) => nb_frames !== 0)
  return recorded.filter(({ index }) => index !== main.index).map(({ index }) => index)
}

/** Without a base layer that players of other formats show: its colours (IPT) would come out green and purple. */
const DOLBY_ONLY = [5, 10]

/** Throws `SOURCE_UNSUPPORTED` for Dolby Vision that only its own decoders show right. */
export function assertShowableColours({ side_data_list: sideData = [] }: ProbedStream): void {
  const dolby = sideData.find(({ dv_profile }) => dv_profile !== undefined)
  if (!dolby || !DOLBY_ONLY.includes(dolby.dv_profile ?? 0) || dolby.dv_bl_signal_compatibility_id !== 0) return
  const detail = `The video is Dolby Vision profile ${dolby.dv_profile}, whose colours cannot be converted; export it as HDR10, HLG or Dolby Vision profile 8.`
  throw inputFault('SOURCE_UNSUPPORTED', detail)
}
