import { z } from 'zod'

/** A stream in the report of ffprobe; the names of the fields are those of ffprobe. */
export const ProbedStream = z.object({
  index: z.number().int(),
  codec_type: z.string().optional(),
  codec_name: z.string().optional(),
  codec_tag_string: z.string().optional(),
  profile: z.string().optional(),
  level: z.number().int().optional(),
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
  disposition: z
    .object({
      default: z.number(),
      attached_pic: z.number(),
      visual_impaired: z.number().optional(),
      hearing_impaired: z.number().optional(),
      forced: z.number().optional(),
    })
    .optional(),
  tags: z.object({ language: z.string().optional(), title: z.string().optional() }).optional(),
  side_data_list: z
    .array(
      z.looseObject({
        side_data_type: z.string().optional(),
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

/** MP4, QuickTime and their like, which have an index. */
export function isMp4({ format }: ProbeReport): boolean {
  return format.format_name.startsWith('mov,')
}

/** A picture that belongs to the file as a whole, as the sleeve of a record does. */
export function isCover({ disposition }: ProbedStream): boolean {
  return disposition?.attached_pic === 1
}

/** The stream for people, such as `video track 1 (h264)`; the number is that of the stream in the file, from 1. */
export function nameOf({ index, codec_type: type, codec_name: name, codec_tag_string: tag }: ProbedStream): string {
  return `${type ?? 'data'} track ${index + 1} (${codecLabel(name, tag)})`
}

/** A tag comes from the file: only what looks like one is repeated. */
function codecLabel(name: string | undefined, tag: string | undefined): string {
  if (name !== undefined && name !== 'unknown' && name !== 'none') return name
  return tag !== undefined && /^[\w .-]{4}$/.test(tag) && tag.trim() !== '' ? `"${tag.trim()}"` : 'unknown codec'
}

/** Characters of texts that a file has about a track. */
const [MAX_LANGUAGE, MAX_TITLE] = [50, 200]

/** What a file says of a track, shortened. */
export function textsOf({ tags }: ProbedStream): { language?: string; title?: string } {
  return {
    ...(tags?.language && { language: tags.language.slice(0, MAX_LANGUAGE) }),
    ...(tags?.title && { title: tags.title.slice(0, MAX_TITLE) }),
  }
}
