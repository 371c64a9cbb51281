import { z } from 'zod'
import { allowedInput, SOURCE_URL } from './allowed-input.ts'
import { runTool, type Tools } from './run-tool.ts'
import { asTaskFailure, sourceCorrupt } from './tool-failure.ts'

const Stream = z.object({
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
export type ProbedStream = z.infer<typeof Stream>

const Chapter = z.object({
  start_time: z.coerce.number(),
  tags: z.object({ title: z.string().optional() }).optional(),
})

const Report = z.object({
  format: z.object({ format_name: z.string(), duration: z.coerce.number().optional() }),
  streams: z.array(Stream),
  // A video plays without them.
  chapters: z.array(Chapter).catch([]),
})
/** ffprobe's answer, reduced to what is asked for here. */
export type ProbeReport = z.infer<typeof Report>

const ENTRIES = [
  'format=format_name,duration',
  `stream=${Object.keys(Stream.shape).filter((name) => !['disposition', 'side_data_list'].includes(name))}`,
  'stream_disposition=default,attached_pic',
  'stream_side_data=rotation',
]
const CHAPTER_ENTRIES = ['chapter=start_time', 'chapter_tags=title']

/** Of an answer, in characters: many times what the streams and chapters of an honest file take. */
const MAX_ANSWER = 512 * 1024

/**
 * Asks ffprobe what the workspace's source is; where its chapters are too much to listen to, once more without them. Throws
 * `SOURCE_CORRUPT`, `SOURCE_UNSUPPORTED` or `SOURCE_OVER_LIMIT`.
 */
export async function probeSource(tools: Tools, cwd: string, signal: AbortSignal): Promise<ProbeReport> {
  const answer =
    (await ask(tools, [...ENTRIES, ...CHAPTER_ENTRIES], cwd, signal)) ?? (await ask(tools, ENTRIES, cwd, signal)) ?? ''
  const parsed = Report.safeParse(parseJson(answer))
  if (!parsed.success) throw sourceCorrupt(`unexpected answer of ffprobe: ${parsed.error.message}`)
  return parsed.data
}

/** Null for an answer that is too long; no more of it is kept. */
async function ask(tools: Tools, entries: string[], cwd: string, signal: AbortSignal): Promise<string | null> {
  let [lines, length]: [string[], number] = [[], 0]
  const onLine = (line: string) => {
    length += line.length
    if (length > MAX_ANSWER) lines = []
    else lines.push(line)
  }
  const shown = ['-show_entries', entries.join(':'), '-of', 'json=compact=1']
  const args = ['-v', 'error', ...allowedInput(tools), ...shown, SOURCE_URL]
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd, signal, onLine })
  // It gives up over a decoder that cannot be opened, without a word at this level.
  if (end.exitCode !== 0) throw asTaskFailure(end, { onlyReads: true })
  return length > MAX_ANSWER ? null : lines.join('\n')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
