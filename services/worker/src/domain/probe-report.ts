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
  color_transfer: z.string().optional(),
  r_frame_rate: z.string().optional(),
  avg_frame_rate: z.string().optional(),
  nb_frames: z.coerce.number().optional(),
  start_time: z.coerce.number().optional(),
  duration: z.coerce.number().optional(),
  channels: z.number().int().optional(),
  sample_rate: z.coerce.number().optional(),
  disposition: z.object({ default: z.number(), attached_pic: z.number() }).optional(),
  side_data_list: z.array(z.looseObject({ rotation: z.number().optional() })).optional(),
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
