import { open } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFacts } from '@kinora/common/contracts'
import sharp, { type OverlayOptions } from 'sharp'
import { perSecond } from '../domain/frame-rate.ts'
import { codecsOf } from '../domain/source-facts.ts'
import { SHOWABLE, stillQuality } from '../domain/still-quality.ts'
import { asTaskFailure, sourceCorrupt } from '../domain/task-failure.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { readSource, runFfmpeg } from '../infra/ffmpeg.ts'
import { takenFolder } from '../infra/workspace.ts'
import { audioPoster } from '../operations/audio-poster.ts'
import { standardFrame } from '../operations/frame-filters.ts'
import { takeOutput } from '../operations/take-output.ts'
import { openWatermark, type Watermark } from '../operations/watermark.ts'
import type { Task, TaskContext } from './task.ts'

const MAX_WIDTH = 1280
const MAX_HEIGHT = 1280
/** The best of this many key frames is chosen, so that a fade or a flash does not become the poster. */
const CANDIDATES = 3
/** The poster is from a tenth of the way in, but not later than this: the file may have to be read up to there. */
const MAX_OFFSET_SECONDS = 120
/** Where those are black, white or flat, this many are chosen from further ones. */
const MORE_CANDIDATES = 8
/** Of key frames, which are read quickly, and of all frames, which are not. */
const [KEY_FRAMES_WITHIN_SECONDS, FRAMES_WITHIN_SECONDS] = [600, 20]
/** Pixels without a format, so that nothing that ffmpeg wrote is decoded in this process. */
const STILL = 'still.rgb'
const CHANNELS = 3
const MAX_STILL = MAX_WIDTH * MAX_HEIGHT * CHANNELS
/** One frame gains nothing from threads. */
const THREADS = 1

/** Where to search for the poster. */
interface Search {
  /** Options before the input. */
  options: string[]
  /** Number of frames to choose from. */
  candidates: number
  /** Seconds between two candidates; absent: they follow one another. */
  apart?: number
}

interface Still {
  pixels: Buffer
  quality: number
}

/**
 * The frame at `time` (seconds from the first one); without `time`, a key frame from a tenth of the way in, or a frame from
 * elsewhere if those there are black, white or flat. If there is no such frame, the first one that can be decoded. Throws
 * `SOURCE_CORRUPT` when none can. A source without frames gets its cover or waveform.
 */
export const poster: Task<'poster'> = async ({ sourceKey, facts, time, watermark }, context) => {
  const { store, workspace, outputKey } = context
  await store.materialise(sourceKey, join(workspace, SOURCE_FILE))
  if (facts.kind === 'audio') return { kind: 'poster', posterKey: await audioPoster(facts, context) }
  const drawWatermark = watermark && (await openWatermark(store, watermark))
  const first = { options: [], candidates: CANDIDATES }
  const wanted =
    time === undefined ? await typicalStill(facts, context) : await grabStill(facts, frameAt(facts, time), context)
  const still = wanted ?? (await grabStill(facts, first, context))
  if (!still) throw sourceCorrupt('no frame could be decoded')
  const file = join(takenFolder(workspace), 'poster.jpg')
  const mark = await drawWatermark?.(posterSize(facts.video))
  const image = sharp(still.pixels, { raw: { ...posterSize(facts.video), channels: CHANNELS } }).composite(
    mark ? [layer(mark)] : [],
  )
  await image.jpeg({ mozjpeg: true, quality: 80 }).toFile(file)
  const posterKey = `${outputKey}/poster.jpg`
  await store.adopt(file, posterKey)
  return { kind: 'poster', posterKey }
}

function layer({ pixels, width, height, left, top }: Watermark): OverlayOptions {
  return { input: pixels, raw: { width, height, channels: 4 }, left, top }
}

/** Searches in one place after another until a frame is worth showing; the best one found. */
async function typicalStill(facts: SourceFacts, context: TaskContext): Promise<Still | undefined> {
  let best: Still | undefined
  for (const search of searches(facts)) {
    const still = await grabStill(facts, search, context)
    if (still && still.quality > (best?.quality ?? -1)) best = still
    if (best && best.quality >= SHOWABLE) break
  }
  return best
}

function searches(facts: SourceFacts): Search[] {
  const { durationSeconds } = facts
  const keyFrames = spread(facts, KEY_FRAMES_WITHIN_SECONDS, ['-skip_frame', 'nokey'])
  const frames = spread(facts, FRAMES_WITHIN_SECONDS, [])
  return [typicalFrame(facts), ...(durationSeconds > FRAMES_WITHIN_SECONDS ? [keyFrames] : []), frames]
}

function typicalFrame(facts: SourceFacts): Search {
  const { video, durationSeconds } = facts
  const offset = whereShown(video, Math.min(durationSeconds / 10, MAX_OFFSET_SECONDS))
  // The key frame before may be outside the clip.
  if (video.clipped) return frameAt(facts, offset)
  const seconds = video.startTime + offset
  const seek = ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', seconds.toFixed(6)]
  return { options: ['-skip_frame', 'nokey', ...seek], candidates: CANDIDATES }
}

/** Frames from the beginning to the end, or to `within` seconds. */
function spread(facts: SourceFacts, within: number, options: string[]): Search {
  const { video, durationSeconds } = facts
  const { from, to } = video.shown ?? { from: 0, to: video.frameCount }
  const seconds = Math.min(durationSeconds, within, (to - from) / perSecond(video.frameRate))
  const seek = video.clipped ? frameAt(facts, 0).options : []
  return {
    options: [...options, ...seek, '-t', seconds.toFixed(6)],
    candidates: MORE_CANDIDATES,
    apart: seconds / MORE_CANDIDATES,
  }
}

/** The frame that begins nearest to this time. */
function frameAt({ video }: SourceFacts, time: number): Search {
  const seconds = video.startTime + Math.max(0, whereShown(video, time) - 0.5 / perSecond(video.frameRate))
  return { options: ['-seek_timestamp', '1', '-ss', seconds.toFixed(6)], candidates: 1 }
}

/** The time, in seconds, or that of the nearest frame that the source has. */
function whereShown({ shown, frameRate }: SourceFacts['video'], time: number): number {
  if (!shown) return time
  const rate = perSecond(frameRate)
  return Math.min(Math.max(time, shown.from / rate), (shown.to - 1) / rate)
}

/** The best frame that was found there; undefined when none could be decoded. */
async function grabStill(
  facts: SourceFacts,
  { options, candidates, apart }: Search,
  { tools, workspace, signal }: TaskContext,
): Promise<Still | undefined> {
  const size = posterSize(facts.video)
  const choice =
    apart === undefined ? [] : [`select='isnan(prev_selected_t)+gte(t-prev_selected_t,${apart.toFixed(6)})'`]
  const filters = [...choice, ...standardFrame(facts.video, size)]
  const command = readSource({ ...tools, threads: THREADS }, codecsOf(facts), ...options)
    .complexFilter(`[0:${facts.video.streamIndex}]${filters.join(',')}[still]`)
    .output(STILL)
    .outputOptions(
      '-map',
      '[still]',
      '-frames:v',
      String(candidates),
      '-fps_mode',
      'passthrough',
      '-map_metadata',
      '-1',
    )
    .outputOptions('-c:v', 'rawvideo', '-pix_fmt', 'rgb24', '-f', 'rawvideo')
  const outputBytes = candidates * MAX_STILL
  const end = await runFfmpeg(tools, command, { cwd: workspace, outputBytes, signal })
  const file = await takeOutput(workspace, STILL, outputBytes).catch(() => undefined)
  const best = file === undefined ? undefined : await bestOf(file, size)
  if (best) return best
  const failure = end.exitCode === 0 ? undefined : asTaskFailure(end)
  if (failure && failure.taskCause.code !== 'SOURCE_CORRUPT' && failure.taskCause.code !== 'TRANSCODE_FAILED')
    throw failure
  return undefined
}

/** Reads one still after another, and keeps the best one. */
async function bestOf(file: string, { width, height }: { width: number; height: number }): Promise<Still | undefined> {
  const bytes = width * height * CHANNELS
  const stills = await open(file)
  try {
    let best: Still | undefined
    for (;;) {
      const pixels = Buffer.alloc(bytes)
      const { bytesRead } = await stills.read(pixels, 0, bytes)
      if (bytesRead < bytes) return best
      const quality = stillQuality(pixels, width)
      if (!best || quality > best.quality) best = { pixels, quality }
    }
  } finally {
    await stills.close()
  }
}

/** Fits into the maximum without enlarging; even, because frames are 4:2:0 before they become a JPEG. */
function posterSize({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const factor = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height)
  const even = (size: number) => Math.max(2, Math.round((size * factor) / 2) * 2)
  return { width: even(width), height: even(height) }
}
