import { inputFault } from '../task-failure.ts'
import { allowedInput, SOURCE_URL } from './allowed-input.ts'
import { watchClock } from './clock-watch.ts'
import { runTool, type Tools } from './run-tool.ts'
import { asTaskFailure } from './tool-failure.ts'

export interface PacketScan {
  /** When each picture is shown, in seconds on the source's clock, ascending, each once. */
  times: number[]
  /** How long the last one is shown. */
  lastDuration: number
}

/** Twelve hours at sixty frames a second are half of this. */
const MAX_PACKETS = 5_000_000

/** Two pictures closer than this are one: fields of a frame, or a repeated packet. */
const SAME_INSTANT_SECONDS = 0.0005

/**
 * Reads the times of all packets of a stream, without decoding: what is really in the file, which for a cut-off or
 * variable-rate file is not what its header says; stops at the first frame that is too many. `frameSeconds` stands in for
 * times and durations that are missing. Throws `SOURCE_CLOCK_JUMPS` where pictures would be lost by their times.
 */
export async function scanPackets(
  tools: Tools,
  source: { cwd: string; streamIndex: number; frameSeconds: number; signal: AbortSignal },
): Promise<PacketScan> {
  const times: number[] = []
  const clock = watchClock()
  const enough = new AbortController()
  const signal = AbortSignal.any([source.signal, enough.signal])
  let last = { time: Number.NEGATIVE_INFINITY, duration: source.frameSeconds }
  const onLine = (line: string) => {
    const packet = parsePacket(line)
    if (!packet || enough.signal.aborted) return
    if (times.length === MAX_PACKETS) return enough.abort(tooManyFrames())
    if (packet.decoded !== undefined) clock.see(packet.decoded)
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
  const args = ['-v', 'error', ...allowedInput(tools), ...entries, '-of', 'csv=print_section=0', SOURCE_URL]
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd: source.cwd, signal, onLine })
  // A damaged end makes ffprobe complain; what came before it still counts.
  if (times.length === 0 && end.exitCode !== 0) throw asTaskFailure(end)
  if (clock.losesMuch()) throw inputFault('SOURCE_CLOCK_JUMPS')
  return { times: distinctTimes(times), lastDuration: last.duration }
}

function tooManyFrames(): Error {
  return inputFault('SOURCE_OVER_LIMIT', 'The video has more frames than are allowed.')
}

interface Packet {
  time: number | undefined
  /** Ascending in the order of the file, where its clock is right. */
  decoded: number | undefined
  duration: number | undefined
}

/** `pts,dts,duration,flags`; pictures that an edit list cuts away carry the flag `D`. */
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

export function distinctTimes(times: number[]): number[] {
  const sorted = times.sort((a, b) => a - b)
  return sorted.filter((time, index) => index === 0 || time - (sorted[index - 1] ?? 0) > SAME_INSTANT_SECONDS)
}
