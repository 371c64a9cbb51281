import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { SourceFacts } from '@kinora/common/contracts'
import sharp, { type OverlayOptions } from 'sharp'
import { readSource, runFfmpeg } from './ffmpeg-command.ts'
import { perSecond } from './frame-rate.ts'
import { standardPicture } from './picture-filters.ts'
import type { Tools } from './run-tool.ts'
import { asTaskFailure, sourceCorrupt } from './tool-failure.ts'
import type { DrawMark, Mark } from './watermark.ts'

const MAX_WIDTH = 1280
const MAX_HEIGHT = 1280
/** Key frames among which the most typical one is chosen; keeps a fade or flash from being the poster. */
const CANDIDATES = 3
/** A tenth of the way in, but never far: the way there may have to be read. */
const MAX_OFFSET_SECONDS = 120

/** One picture gains nothing from threads. */
const THREADS = 1

interface Search {
  cwd: string
  signal: AbortSignal
}

/** Options before the input, where to look and what to decode, and how many pictures to choose from. */
interface Place {
  where: string[]
  candidates: number
}

/**
 * Writes `poster.jpg` into the workspace: the picture at `time` (seconds from the first one), without it a key frame from
 * a tenth of the way in; where there is none, the first picture of any kind that can be decoded. Throws `SOURCE_CORRUPT`
 * when none can.
 * @param search with `drawMark` for a video that has a watermark
 */
export async function makePoster(
  tools: Tools,
  facts: SourceFacts,
  { time, drawMark, ...search }: Search & { time: number | undefined; drawMark: DrawMark | undefined },
): Promise<string> {
  const wished = time === undefined ? typicalPlace(facts) : exactPlace(facts, time)
  const first = { where: [], candidates: CANDIDATES }
  const still = (await grabStill(tools, facts, search, wished)) ?? (await grabStill(tools, facts, search, first))
  if (!still) throw sourceCorrupt('no picture could be decoded')
  const poster = join(search.cwd, 'poster.jpg')
  const mark = await drawMark?.(posterSize(facts.video))
  const marked = sharp(still).composite(mark ? [layer(mark)] : [])
  await marked.jpeg({ mozjpeg: true, quality: 80 }).toFile(poster)
  return poster
}

function layer({ pixels, width, height, left, top }: Mark): OverlayOptions {
  return { input: pixels, raw: { width, height, channels: 4 }, left, top }
}

function typicalPlace(facts: SourceFacts): Place {
  const { video, durationSeconds } = facts
  const offset = Math.min(durationSeconds / 10, MAX_OFFSET_SECONDS)
  // The key frame before may be one that was cut away.
  if (video.clipped) return exactPlace(facts, offset)
  const seconds = video.startTime + offset
  const seek = ['-seek_timestamp', '1', '-noaccurate_seek', '-ss', seconds.toFixed(6)]
  return { where: ['-skip_frame', 'nokey', ...seek], candidates: CANDIDATES }
}

/** The picture that begins nearest to this time. */
function exactPlace({ video }: SourceFacts, time: number): Place {
  const seconds = video.startTime + Math.max(0, time - 0.5 / perSecond(video.frameRate))
  return { where: ['-seek_timestamp', '1', '-ss', seconds.toFixed(6)], candidates: 1 }
}

async function grabStill(
  tools: Tools,
  facts: SourceFacts,
  { cwd, signal }: Search,
  { where, candidates }: Place,
): Promise<Buffer | undefined> {
  const choice = candidates > 1 ? [`thumbnail=n=${candidates}`] : []
  const filters = [...standardPicture(facts.video, posterSize(facts.video)), ...choice]
  const command = readSource({ ...tools, threads: THREADS }, ...where)
    .complexFilter(`[0:${facts.video.streamIndex}]${filters.join(',')}[still]`)
    .output('still.png')
    .outputOptions('-map', '[still]', '-frames:v', '1', '-map_metadata', '-1')
    .outputOptions('-c:v', 'png', '-compression_level', '1', '-f', 'image2', '-update', '1')
  const end = await runFfmpeg(tools, command, { cwd, signal })
  const still = await readFile(join(cwd, 'still.png')).catch(() => undefined)
  if (still && still.length > 0) return still
  const failure = end.exitCode === 0 ? undefined : asTaskFailure(end)
  if (failure && failure.taskCause.code !== 'SOURCE_CORRUPT' && failure.taskCause.code !== 'TRANSCODE_FAILED')
    throw failure
  return undefined
}

/** Fits into the maximum without growing; even, because the picture is 4:2:0 on its way. */
function posterSize({ width, height }: { width: number; height: number }): { width: number; height: number } {
  const factor = Math.min(1, MAX_WIDTH / width, MAX_HEIGHT / height)
  const even = (size: number) => Math.max(2, Math.round((size * factor) / 2) * 2)
  return { width: even(width), height: even(height) }
}
