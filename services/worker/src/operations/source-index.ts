import { open } from 'node:fs/promises'
import type { SourceFacts } from '@kinora/common/contracts'
import { boxesInFile, encryptedTracks, type FrameClock, readFrameClock, readVideoTrack } from '@kinora/formats/mp4'
import { distinctTimes, type FrameTimes } from '../domain/frame-grid.ts'
import type { ProbedStream } from '../domain/probe-report.ts'
import { looksRemuxable, type Remuxable, remuxablePackets, remuxableTrack, type TrackFrames } from '../domain/remux.ts'

/**
 * Whether the video track of a source can be cut into segments without encoding; undefined when it cannot, or may not. Decides
 * by the index, or by the packets of a file without one.
 */
export async function findRemuxable(
  { path, isIndexed, packets }: { path: string; isIndexed: boolean; packets: () => Promise<TrackFrames | undefined> },
  facts: SourceFacts,
  stream: ProbedStream,
): Promise<Remuxable | undefined> {
  if (!looksRemuxable(facts, stream)) return undefined
  const indexed = await readIndex(path, (moov) => remuxableTrack(readVideoTrack(moov), facts.video, isIndexed))
  if (indexed || isIndexed) return indexed
  const scanned = await packets()
  return scanned && remuxablePackets(scanned, facts.video, stream)
}

/** Seconds; ffprobe prints microseconds. */
const SAME_SECONDS = 0.00001

/**
 * The result of `scanPackets`, from the index alone and so as fast for hours as for seconds. Undefined when the file is not a
 * complete MP4 with a plain index, and when ffprobe reports another start time or number of frames than the index.
 */
export async function indexedTimes(path: string, video: ProbedStream): Promise<FrameTimes | undefined> {
  return await readIndex(path, (moov) => {
    const clock = readFrameClock(moov)
    const shown = shownTimes(clock)
    const agrees =
      clock.durations.length === video.nb_frames &&
      Math.abs((shown.times[0] ?? Number.NaN) - (video.start_time ?? 0)) < SAME_SECONDS
    return agrees ? shown : undefined
  })
}

/** Of each track of an MP4, in the order of its streams, whether it is encrypted; none for other files. */
export async function findEncryptedTracks(path: string): Promise<boolean[]> {
  return (await readIndex(path, encryptedTracks)) ?? []
}

/** Undefined when the file has no index, or a malformed one. */
async function readIndex<T>(path: string, read: (moov: Buffer) => T): Promise<T | undefined> {
  const moov = await readMoov(path)
  if (!moov) return undefined
  try {
    return read(moov)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}

/** Throws `RangeError` when an edit list leaves frames out, or shows them at another speed or more than once. */
function shownTimes({ durations, offsets, edits, timescale, movieTimescale }: FrameClock): FrameTimes {
  const { delay, begin, end } = shownPart(edits, movieTimescale)
  const times: number[] = []
  let last = { time: Number.NEGATIVE_INFINITY, duration: 0 }
  let decoded = 0
  durations.forEach((duration, index) => {
    const time = (decoded + (offsets[index] ?? 0) - begin) / timescale
    if (time < 0 || time >= end) throw new RangeError('frames that are not shown')
    times.push(delay + time)
    if (time >= last.time) last = { time, duration: duration / timescale }
    decoded += duration
  })
  return { times: distinctTimes(times), lastDuration: last.duration }
}

/** Seconds before anything is shown, the tick of the track that is shown first, and for how many seconds it is shown. */
function shownPart(edits: FrameClock['edits'], movieTimescale: number) {
  if (edits.length === 0) return { delay: 0, begin: 0, end: Number.POSITIVE_INFINITY }
  const shown = edits.at(-1)
  const before = edits.slice(0, -1)
  if (!shown?.plain || shown.mediaTime < 0 || before.some(({ mediaTime }) => mediaTime !== -1)) {
    throw new RangeError('an edit list that is not plain')
  }
  const delay = before.reduce((sum, { duration }) => sum + duration, 0) / movieTimescale
  return { delay, begin: shown.mediaTime, end: shown.duration / movieTimescale }
}

/** More than the index of twelve hours at sixty frames a second with audio, which has 45 MB. */
const MAX_MOOV_BYTES = 64 * 1024 * 1024

/** The index of an MP4 file, which is its `moov` box. Undefined when it is missing or unreasonably large. */
async function readMoov(path: string): Promise<Buffer | undefined> {
  const file = await open(path)
  try {
    for await (const { type, start, end } of boxesInFile(file)) {
      if (type !== 'moov') continue
      const size = end - start
      if (size > MAX_MOOV_BYTES) return undefined
      const { buffer, bytesRead } = await file.read(Buffer.alloc(size), 0, size, start)
      return bytesRead === size ? buffer : undefined
    }
    return undefined
  } catch (error) {
    return undefinedIfMalformed(error)
  } finally {
    await file.close()
  }
}

/**
 * Whether the index lists all frames of the file. False for a file that is cut off, for one with fragments, of which the
 * index may list the first frames, and for one with very many boxes; their frames are then counted one by one.
 */
export async function hasCompleteIndex(path: string): Promise<boolean> {
  const file = await open(path)
  try {
    for await (const { type } of boxesInFile(file)) if (type === 'moof') return false
    return true
  } catch (error) {
    return undefinedIfMalformed(error) ?? false
  } finally {
    await file.close()
  }
}

/** For callers that treat a malformed file like one without an index. */
function undefinedIfMalformed(error: unknown): undefined {
  if (error instanceof RangeError) return undefined
  throw error
}
