import { distinctTimes, type FrameTimes } from '../domain/frame-grid.ts'
import { inputFault } from '../domain/task-failure.ts'
import { detectTimestampJumps } from '../domain/timestamp-jumps.ts'
import { asTaskFailure } from '../domain/tool-failure.ts'
import { allowedInput, SOURCE_URL } from '../infra/allowed-input.ts'
import { runTool, type Tools } from '../infra/run-tool.ts'

/** Twelve hours at sixty frames a second are half of this. */
const MAX_PACKETS = 5_000_000

/**
 * Reads the times of all packets of a stream without decoding. They show what is really in the file; the header of a cut-off
 * or variable-rate file does not. Stops at the first frame above the limit. `frameSeconds` replaces missing times and
 * durations. Throws `SOURCE_CLOCK_JUMPS` when frames would be lost because of their times.
 */
export async function scanPackets(
  tools: Tools,
  source: { cwd: string; streamIndex: number; frameSeconds: number; signal: AbortSignal },
): Promise<FrameTimes> {
  const times: number[] = []
  const jumps = detectTimestampJumps()
  const enough = new AbortController()
  const signal = AbortSignal.any([source.signal, enough.signal])
  let last = { time: Number.NEGATIVE_INFINITY, duration: source.frameSeconds }
  const onLine = (line: string) => {
    const packet = parsePacket(line)
    if (!packet || enough.signal.aborted) return
    if (times.length === MAX_PACKETS) return enough.abort(tooManyFrames())
    if (packet.decoded !== undefined) jumps.see(packet.decoded)
    const time = packet.time ?? last.time + source.frameSeconds
    const finite = Number.isFinite(time) ? time : 0
    times.push(finite)
    if (finite >= last.time) last = { time: finite, duration: packet.duration ?? source.frameSeconds }
  }
  const entries = [
    '-select_streams',
    String(source.streamIndex),
    '-show_entries',
    'packet=pts_time,dts_time,duration_time,flags',
  ]
  const args = [
    '-v',
    'error',
    ...allowedInput(tools, { withoutCovers: true }),
    ...entries,
    '-of',
    'csv=print_section=0',
    SOURCE_URL,
  ]
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd: source.cwd, outputBytes: 0, signal, onLine })
  // ffprobe fails at a damaged end; the packets before it still count.
  if (times.length === 0 && end.exitCode !== 0) throw asTaskFailure(end)
  if (jumps.losesMany()) throw inputFault('SOURCE_CLOCK_JUMPS')
  return { times: distinctTimes(times), lastDuration: last.duration }
}

function tooManyFrames(): Error {
  return inputFault('SOURCE_OVER_LIMIT', 'The video has more frames than is allowed.')
}

interface Packet {
  time: number | undefined
  /** Ascending in the order of the file, unless its time stamps jump. */
  decoded: number | undefined
  duration: number | undefined
}

/** `pts,dts,duration,flags`; frames that an edit list cuts away have the flag `D`. */
function parsePacket(line: string): Packet | undefined {
  const [pts, dts, duration, flags] = line.split(',')
  if (flags === undefined || flags.includes('D')) return undefined
  const [shown, decoded] = [seconds(pts), seconds(dts)]
  return { time: shown ?? decoded, decoded: decoded ?? shown, duration: seconds(duration) }
}

function seconds(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? '')
  return Number.isFinite(value) ? value : undefined
}
