import { ProbedStream, ProbeReport } from '../domain/probe-report.ts'
import { inputFault } from '../domain/task-failure.ts'
import { asTaskFailure, sourceCorrupt } from '../domain/tool-failure.ts'
import { allowedInput, SOURCE_URL } from '../infra/allowed-input.ts'
import { runTool, type Tools } from '../infra/run-tool.ts'

const ENTRIES = [
  'format=format_name,duration',
  `stream=${Object.keys(ProbedStream.shape).filter((name) => !['disposition', 'side_data_list'].includes(name))}`,
  'stream_disposition=default,attached_pic',
  'stream_side_data=rotation',
]
const CHAPTER_ENTRIES = ['chapter=start_time', 'chapter_tags=title']

/** Characters of a report: many times what the streams and chapters of a real file need. */
const MAX_ANSWER = 512 * 1024
/** Of a file whose frames are stills themselves. */
const MAX_COVERS = 4

/**
 * Runs ffprobe on the workspace's source; when its chapters make the report too long, again without them. Throws
 * `SOURCE_CORRUPT`, `SOURCE_UNSUPPORTED` or `SOURCE_OVER_LIMIT`.
 */
export async function probeSource(tools: Tools, cwd: string, signal: AbortSignal): Promise<ProbeReport> {
  const report = await describe(tools, true, cwd, signal)
  if (!isOfStills(report)) return report
  // Then the covers, if there are any, are decoded as well: a real file has few of them.
  const covers = report.streams.filter(({ disposition }) => disposition?.attached_pic).length
  if (covers > MAX_COVERS) throw inputFault('SOURCE_OVER_LIMIT', 'The file has more cover pictures than is allowed.')
  return await describe(tools, false, cwd, signal)
}

/** Its frames are PNG or JPEG: the codecs of covers, so that the stream that is shown was not described either. */
function isOfStills({ streams }: ProbeReport): boolean {
  return streams.some(
    ({ codec_type, pix_fmt, disposition }) =>
      codec_type === 'video' && !disposition?.attached_pic && (pix_fmt ?? 'unknown') === 'unknown',
  )
}

async function describe(tools: Tools, withoutCovers: boolean, cwd: string, signal: AbortSignal): Promise<ProbeReport> {
  const input = allowedInput(tools, { withoutCovers })
  const answer =
    (await ask(tools, [...ENTRIES, ...CHAPTER_ENTRIES], { input, cwd, signal })) ??
    (await ask(tools, ENTRIES, { input, cwd, signal })) ??
    ''
  const parsed = ProbeReport.safeParse(parseJson(answer))
  if (!parsed.success) throw sourceCorrupt(`unexpected answer of ffprobe: ${parsed.error.message}`)
  return parsed.data
}

interface Question {
  /** Options of the input. */
  input: string[]
  cwd: string
  signal: AbortSignal
}

/** Null for a report that is too long to keep in memory. */
async function ask(tools: Tools, entries: string[], { input, cwd, signal }: Question): Promise<string | null> {
  let [lines, length]: [string[], number] = [[], 0]
  const onLine = (line: string) => {
    length += line.length
    if (length > MAX_ANSWER) lines = []
    else lines.push(line)
  }
  const shown = ['-show_entries', entries.join(':'), '-of', 'json=compact=1']
  const args = ['-v', 'error', ...input, ...shown, SOURCE_URL]
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd, outputBytes: 0, signal, onLine })
  // When a decoder cannot be opened, ffprobe fails without a message at this log level.
  if (end.exitCode !== 0) throw asTaskFailure({ ...end, stderr: withoutCovers(end.stderr) }, { onlyReads: true })
  return length > MAX_ANSWER ? null : lines.join('\n')
}

/** Without the complaints about covers. */
function withoutCovers(stderr: string): string {
  return stderr.replace(/^.*Codec \((?:png|mjpeg)\) not on whitelist.*\n?/gm, '')
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
