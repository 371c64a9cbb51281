import { distinctTimes, type FrameTimes } from '../domain/frame-grid.ts'
import type { TrackFrames } from '../domain/remux.ts'
import { asTaskFailure, inputFault } from '../domain/task-failure.ts'
import { collectStretches, type Stretch } from '../domain/timeline.ts'
import { detectTimestampJumps } from '../domain/timestamp-jumps.ts'
import { allowedInput, SOURCE_URL } from '../infra/allowed-input.ts'
import { runTool, type Tools } from '../infra/run-tool.ts'

/** Twelve hours at sixty frames a second are half of this. */
const MAX_FRAMES = 5_000_000
/** Of all streams: four of audio with packets of 20 ms in twelve hours are half of this. */
const MAX_PACKETS = 20_000_000

export interface ScanInput {
  cwd: string
  /** Streams of video, with the seconds that replace missing times and durations; of some, all packets are kept. */
  video: readonly { index: number; frameSeconds: number; keepPackets?: boolean }[]
  /** Indexes of the streams of audio. */
  audio: readonly number[]
  /** Decoders that ffprobe opens beside those of the lists. */
  idle?: readonly string[]
  signal: AbortSignal
}

export interface ScannedFrames extends FrameTimes {
  /** Timestamps jump back, and more than a few frames would be lost. */
  losesMany: boolean
  /** In decoding order, on the source's clock. */
  packets?: TrackFrames
}

export interface Scan {
  /** By index of the stream. */
  video: Map<number, ScannedFrames>
  /** Of all streams of audio. */
  audio: Stretch[]
}

/**
 * Reads the times of all packets of some streams without decoding. They show what is really in the file; the header of a
 * cut-off or variable-rate file does not. Stops at the first frame above the limit.
 */
export async function scanPackets(tools: Tools, { cwd, video, audio, idle, signal }: ScanInput): Promise<Scan> {
  const frames = new Map(
    video.map(({ index, frameSeconds, keepPackets }) => [index, collectFrames(frameSeconds, keepPackets)]),
  )
  const sounds = new Map(audio.map((index) => [index, collectStretches()]))
  const enough = new AbortController()
  let [packets, shown] = [0, 0]
  const onLine = (line: string) => {
    const packet = parsePacket(line)
    if (!packet || enough.signal.aborted) return
    packets += 1
    const stream = frames.get(packet.stream)
    if (stream) shown += 1
    if (packets > MAX_PACKETS || shown > MAX_FRAMES) return enough.abort(tooManyFrames())
    if (stream) stream.see(packet)
    else if (packet.time !== undefined) sounds.get(packet.stream)?.see(packet.time, packet.duration ?? 0)
  }
  // One stream can be selected, or all. The others are not even parsed then.
  const [only] = video
  const select = video.length === 1 && audio.length === 0 && only ? ['-select_streams', String(only.index)] : []
  const entries = ['-show_entries', 'packet=stream_index,pts_time,dts_time,duration_time,size,flags']
  const input = allowedInput(tools, { withoutCovers: true, idle: idle ?? [] })
  const args = ['-v', 'error', ...input, ...select, ...entries, '-of', 'csv=print_section=0', SOURCE_URL]
  const stop = AbortSignal.any([signal, enough.signal])
  const end = await runTool(tools, { command: tools.ffprobe, args, cwd, outputBytes: 0, signal: stop, onLine })
  // ffprobe fails at a damaged end; the packets before it still count.
  if (packets === 0 && end.exitCode !== 0) throw asTaskFailure(end)
  return {
    video: new Map([...frames].map(([index, { result }]) => [index, result()])),
    audio: [...sounds.values()].flatMap((sound) => sound.result()),
  }
}

function collectFrames(frameSeconds: number, keepPackets = false) {
  const times: number[] = []
  const [sizes, syncs]: [number[], number[]] = [[], []]
  const jumps = detectTimestampJumps()
  let last = { time: Number.NEGATIVE_INFINITY, duration: frameSeconds }

  function see({ time, decoded, duration, bytes, isSync }: Packet): void {
    if (keepPackets && isSync) syncs.push(times.length)
    if (keepPackets) sizes.push(bytes)
    if (decoded !== undefined) jumps.see(decoded)
    const next = time ?? last.time + frameSeconds
    const finite = Number.isFinite(next) ? next : 0
    times.push(finite)
    if (finite >= last.time) last = { time: finite, duration: duration ?? frameSeconds }
  }

  function result(): ScannedFrames {
    const packets = keepPackets && { packets: { times: Float64Array.from(times), sizes, syncs } }
    return { times: distinctTimes(times), lastDuration: last.duration, losesMany: jumps.losesMany(), ...packets }
  }

  return { see, result }
}

function tooManyFrames(): Error {
  return inputFault('SOURCE_OVER_LIMIT', 'The video has more frames than is allowed.')
}

interface Packet {
  stream: number
  time: number | undefined
  /** Ascending in the order of the file, unless its time stamps jump. */
  decoded: number | undefined
  duration: number | undefined
  bytes: number
  /** It can be decoded by itself. */
  isSync: boolean
}

/** `stream,pts,dts,duration,size,flags`; frames that an edit list cuts away have the flag `D`. */
function parsePacket(line: string): Packet | undefined {
  const [stream, pts, dts, duration, size, flags] = line.split(',')
  if (flags === undefined || flags.includes('D')) return undefined
  const [shown, decoded] = [seconds(pts), seconds(dts)]
  return {
    stream: Number(stream),
    time: shown ?? decoded,
    decoded: decoded ?? shown,
    duration: seconds(duration),
    bytes: seconds(size) ?? 0,
    isSync: flags.includes('K'),
  }
}

function seconds(text: string | undefined): number | undefined {
  const value = Number.parseFloat(text ?? '')
  return Number.isFinite(value) ? value : undefined
}
