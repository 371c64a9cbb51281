import type { ProbedStream } from '../probe-source.ts'
import { distinctTimes, type PacketScan } from '../scan-packets.ts'
import { type PictureTimes, readPictureTimes } from './picture-track.ts'
import { readMoov } from './read-moov.ts'

/** ffprobe prints microseconds. */
const SAME_SECONDS = 0.00001

/**
 * What `scanPackets` finds, from the index alone and so as fast for hours as for seconds. Undefined for what is not a whole
 * MP4 with a plain index, and where ffprobe sees another beginning or number of pictures than the index says.
 */
export async function indexedTimes(path: string, video: ProbedStream): Promise<PacketScan | undefined> {
  const moov = await readMoov(path)
  if (!moov) return undefined
  try {
    const pictures = readPictureTimes(moov)
    const scan = shownTimes(pictures)
    const agrees =
      pictures.durations.length === video.nb_frames &&
      Math.abs((scan.times[0] ?? Number.NaN) - (video.start_time ?? 0)) < SAME_SECONDS
    return agrees ? scan : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Throws `RangeError` where an edit list leaves pictures out, or shows them at another speed or more than once. */
function shownTimes({ durations, offsets, edits, timescale, movieTimescale }: PictureTimes): PacketScan {
  const { delay, begin, end } = shownPart(edits, movieTimescale)
  const times: number[] = []
  let last = { time: Number.NEGATIVE_INFINITY, duration: 0 }
  let decoded = 0
  durations.forEach((duration, index) => {
    const time = (decoded + (offsets[index] ?? 0) - begin) / timescale
    if (time < 0 || time >= end) throw new RangeError('pictures that are not shown')
    times.push(delay + time)
    if (time >= last.time) last = { time, duration: duration / timescale }
    decoded += duration
  })
  return { times: distinctTimes(times), lastDuration: last.duration }
}

/** Seconds in which nothing is shown, the tick at which the track begins, and the seconds of it that are shown. */
function shownPart(edits: PictureTimes['edits'], movieTimescale: number) {
  if (edits.length === 0) return { delay: 0, begin: 0, end: Number.POSITIVE_INFINITY }
  const shown = edits.at(-1)
  const before = edits.slice(0, -1)
  if (!shown?.plain || shown.mediaTime < 0 || before.some(({ mediaTime }) => mediaTime !== -1)) {
    throw new RangeError('an edit list that is not plain')
  }
  const delay = before.reduce((sum, { duration }) => sum + duration, 0) / movieTimescale
  return { delay, begin: shown.mediaTime, end: shown.duration / movieTimescale }
}
