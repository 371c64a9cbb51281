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

const Report = z.object({
  format: z.object({ format_name: z.string(), duration: z.coerce.number().optional() }),
  streams: z.array(Stream),
})
/** ffprobe's answer, reduced to what is asked for here. */
export type ProbeReport = z.infer<typeof Report>

const ENTRIES = [
  'format=format_name,duration',
  `stream=${Object.keys(Stream.shape).filter((name) => !['disposition', 'side_data_list'].includes(name))}`,
  'stream_disposition=default,attached_pic',
  'stream_side_data=rotation',
].join(':')

/** Asks ffprobe what the workspace's source is. Throws `SOURCE_CORRUPT`, `SOURCE_UNSUPPORTED` or `SOURCE_OVER_LIMIT`. */
export async function probeSource(tools: Tools, cwd: string, signal: AbortSignal): Promise<ProbeReport> {
  const lines: string[] = []
  const args = ['-v', 'error', ...allowedInput(tools), '-show_entries', ENTRIES, '-of', 'json=compact=1', SOURCE_URL]
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd, signal, onLine: (line) => lines.push(line) })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const parsed = Report.safeParse(parseJson(lines.join('\n')))
  if (!parsed.success) throw sourceCorrupt(`unexpected answer of ffprobe: ${parsed.error.message}`)
  return parsed.data
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
