import { isCover, ProbedStream, ProbeReport } from '../domain/probe-report.ts'
import { asTaskFailure, inputFault, sourceCorrupt } from '../domain/task-failure.ts'
import {
  allowedInput,
  isStillCodec,
  refusedDecoders,
  SOURCE_URL,
  withoutComplaintsAboutCovers,
} from '../infra/allowed-input.ts'
import { runTool, type ToolEnd, type Tools } from '../infra/run-tool.ts'

const ENTRIES = [
  'format=format_name,duration',
  `stream=${Object.keys(ProbedStream.shape).filter((name) => !['disposition', 'side_data_list', 'tags'].includes(name))}`,
  'stream_disposition=default,attached_pic,visual_impaired,hearing_impaired,forced',
  'stream_side_data=side_data_type,rotation,dv_profile,dv_bl_signal_compatibility_id',
  'stream_tags=language,title',
]
const CHAPTER_ENTRIES = ['chapter=start_time', 'chapter_tags=title']

/** Characters of a report: many times what the streams and chapters of a real file need. */
const MAX_ANSWER = 512 * 1024
/** Of a file whose frames are stills themselves. */
const MAX_COVERS = 4

export interface Probed {
  report: ProbeReport
  /** Decoders outside of the lists that ffprobe must open to read this file. They got no data. */
  idle: string[]
}

/**
 * Runs ffprobe on the workspace's source; when its chapters make the report too long, again without them. Throws
 * `SOURCE_CORRUPT`, `SOURCE_UNSUPPORTED` or `SOURCE_OVER_LIMIT`.
 */
export async function probeSource(tools: Tools, cwd: string, signal: AbortSignal): Promise<Probed> {
  const idle: string[] = []
  const report = await describe(tools, { withoutCovers: true, idle }, cwd, signal)
  if (!needsCovers(report)) return { report, idle }
  // Then the covers, if there are any, are decoded as well: an honest file has few of them.
  if (report.streams.filter(isCover).length > MAX_COVERS) {
    throw inputFault('SOURCE_OVER_LIMIT', 'The file has more cover pictures than is allowed.')
  }
  return { report: await describe(tools, { withoutCovers: false, idle }, cwd, signal), idle }
}

/** Its frames are stills: the codecs of covers, so that the stream that is shown was not described either. */
function needsCovers({ streams }: ProbeReport): boolean {
  return streams.some(
    (stream) =>
      stream.codec_type === 'video' &&
      !isCover(stream) &&
      isStillCodec(stream.codec_name ?? '') &&
      (stream.pix_fmt ?? 'unknown') === 'unknown',
  )
}

interface Openings {
  withoutCovers: boolean
  /** Grows when ffprobe asks for more. */
  idle: string[]
}

async function describe(tools: Tools, openings: Openings, cwd: string, signal: AbortSignal): Promise<ProbeReport> {
  const question = { openings, cwd, signal }
  const answer =
    (await ask(tools, [...ENTRIES, ...CHAPTER_ENTRIES], question)) ?? (await ask(tools, ENTRIES, question)) ?? ''
  const parsed = ProbeReport.safeParse(parseJson(answer))
  if (!parsed.success) throw sourceCorrupt(`unexpected answer of ffprobe: ${parsed.error.message}`)
  return parsed.data
}

interface Question {
  openings: Openings
  cwd: string
  signal: AbortSignal
}

/** Different codecs outside of the lists; an honest file has one or two. */
const MAX_IDLE = 8

/**
 * Null for an answer that is too long, which is not kept in memory. ffprobe opens the decoder of every stream, whether it is
 * needed or not, and gives up at the first that is not allowed. That one is then allowed to be opened, but not by the
 * demuxer, which alone would give it data.
 */
async function ask(tools: Tools, entries: string[], { openings, cwd, signal }: Question): Promise<string | null> {
  for (;;) {
    const { idle } = openings
    const { end, answer } = await askOnce(tools, [...allowedInput(tools, openings), ...shown(entries)], cwd, signal)
    if (end.exitCode === 0) return answer
    const fresh = new Set(refusedDecoders(end.stderr).filter((name) => !idle.includes(name)))
    // When a decoder cannot be opened, ffprobe fails without a message at this log level.
    if (fresh.size === 0 || idle.length + fresh.size > MAX_IDLE) {
      throw asTaskFailure({ ...end, stderr: withoutComplaintsAboutCovers(end.stderr) }, { onlyReads: true })
    }
    idle.push(...fresh)
  }
}

function shown(entries: string[]): string[] {
  return ['-show_entries', entries.join(':'), '-of', 'json=compact=1']
}

async function askOnce(
  tools: Tools,
  options: string[],
  cwd: string,
  signal: AbortSignal,
): Promise<{ end: ToolEnd; answer: string | null }> {
  let [lines, length]: [string[], number] = [[], 0]
  const onLine = (line: string) => {
    length += line.length
    if (length > MAX_ANSWER) lines = []
    else lines.push(line)
  }
  const args = ['-v', 'error', ...options, SOURCE_URL]
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd, outputBytes: 0, signal, onLine })
  return { end, answer: length > MAX_ANSWER ? null : lines.join('\n') }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
