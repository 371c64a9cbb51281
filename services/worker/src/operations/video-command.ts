import type { FrameRate, SourceFacts } from '@kinora/common/contracts'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { renditionColour } from '../domain/colour.ts'
import { perSecond } from '../domain/frame-rate.ts'
import { codecsOf } from '../domain/source-facts.ts'
import { firstSegmentOf, plannedKeyFrames, plannedSegment, type VideoWork, type WorkRung } from '../domain/task-work.ts'
import { readSource, seekTo } from '../infra/ffmpeg.ts'
import type { Tools } from '../infra/run-tool.ts'
import { chunkFrames, readStart } from './chunk-frames.ts'
import { videoSegments } from './hls-output.ts'
import type { WatermarkFile } from './watermark.ts'

/**
 * One run that decodes a range of frames once and writes the segments of every rung. The result does not depend on where the
 * video was cut into chunks: time stamps are those of the whole video.
 * @param marks one for each rung, when the video has a watermark
 */
export function videoCommand(tools: Tools, work: VideoWork, marks: readonly WatermarkFile[] = []): FfmpegCommand {
  const { facts, rungs } = work
  const command = readSource(tools, codecsOf(facts), ...KEEP_FILTERS, ...seekOptions(facts, readStart(work)))
  for (const mark of marks) command.input(`file:${mark.file}`).inputOptions(...markInput(mark, facts.video.frameRate))
  command.complexFilter(filterGraph(work, marks))
  rungs.forEach((rung, index) => {
    command
      .output(`${rung.name}/list.m3u8`)
      .outputOptions('-map', `[rung${index}]`, '-an')
      .outputOptions(...encoder(tools, work, rung), ...videoSegments(rung))
  })
  return command
}

/**
 * When frames change their size or format in mid-stream, as in recorded calls, ffmpeg would rebuild the filters, which then
 * count from 0 again. `scale` accepts such frames without a rebuild.
 */
const KEEP_FILTERS = ['-reinit_filter', '0']

/**
 * Where to start reading. `-noaccurate_seek` decodes from the key frame before that time and leaves the rest to the `fps`
 * filter, which needs the frame before the chunk when the chunk starts with a gap. The time is just after that of the first
 * frame, so that a key frame there is found, and not the one before.
 */
function seekOptions({ container, video }: SourceFacts, startFrame: number): string[] {
  const isFirst = startFrame === 0 && !video.clipped
  if (isFirst || startFrame === video.shown?.from) return ['-copyts']
  return seekTo(container, video.startTime + (startFrame + 0.4) / perSecond(video.frameRate))
}

/**
 * Source clock → video clock → constant rate from exactly `startFrame` on → exactly `frameCount` frames, the last one
 * repeated if the source ends early → frames of the largest rung, from which those of the smaller rungs are scaled. Where
 * another task makes the first segments of a rung, those frames are dropped before scaling. The watermark is laid over each
 * rung in its own size: the same, whichever rungs a task makes.
 */
function filterGraph(work: VideoWork, marks: readonly WatermarkFile[]): string[] {
  const { chunk, rungs } = work
  const { video } = work.facts
  const largest = rungs.reduce((best, rung) => (rung.width > best.width ? rung : best))
  const common = chunkFrames(work, largest)
  const outputs = rungs.map((_, index) => `[split${index}]`).join('')
  const branches = rungs.flatMap((rung, index) => {
    // `scale` compensates rounded sides with non-square pixels; headers would then depend on which rung was scaled from which.
    const scale = rung === largest ? 'null' : `scale=${rung.width}:${rung.height},setsar=1`
    const skipped = plannedSegment(firstSegmentOf(rung, work), work).startFrame - chunk.startFrame
    const trim = skipped > 0 ? `trim=start_frame=${skipped},` : ''
    const mark = marks[index]
    if (!mark) return [`[split${index}]${trim}${scale}[rung${index}]`]
    return [
      `[split${index}]${trim}${scale}[bare${index}]`,
      `[${index + 1}:v]${markColours(video)}[mark${index}]`,
      `[bare${index}][mark${index}]overlay=x=${mark.left}:y=${mark.top}:format=yuv420[rung${index}]`,
    ]
  })
  return [`[0:${video.streamIndex}]${common.join(',')},split=${rungs.length}${outputs}`, ...branches]
}

/**
 * A single frame, which `overlay` repeats. It has the rate of the video, so that both have one time base and times stay
 * exact.
 */
function markInput({ width, height }: WatermarkFile, { num, den }: FrameRate): string[] {
  return ['-f', 'rawvideo', '-pixel_format', 'rgba', '-video_size', `${width}x${height}`, '-framerate', `${num}/${den}`]
}

/** Converts the watermark to the colours of the frames below it. */
function markColours(video: SourceFacts['video']): string {
  // BT.601 with 525 and with 625 lines have one matrix.
  const matrix = renditionColour(video).matrix === 'bt709' ? 'bt709' : 'smpte170m'
  return `scale=out_color_matrix=${matrix}:out_range=tv,format=yuva420p`
}

/**
 * Capped constant quality with key frames where they are planned. `-g` alone does not hold the grid: the expression forces
 * the key frames, `forced-idr` makes them IDR, closed GOPs keep segments independent.
 */
function encoder({ preset, threads }: Tools, work: VideoWork, rung: WorkRung): string[] {
  const { maxrate } = rung
  // No planned group has as many frames.
  const most = String(2 * work.gopFrames)
  const keyFrames = plannedKeyFrames(rung, work).map((frame) => `eq(n,${frame})`)
  return [
    ...['-c:v', 'libx264', '-preset', preset, '-profile:v', 'high', '-threads', String(threads)],
    ...['-crf', '23', '-maxrate', `${maxrate}k`, '-bufsize', `${2 * maxrate}k`],
    ...['-g', most, '-keyint_min', String(work.gopFrames), '-sc_threshold', '0', '-flags', '+cgop'],
    ...['-forced-idr', '1', '-force_key_frames', `expr:${keyFrames.join('+')}`],
    ...['-fps_mode', 'passthrough'],
  ]
}

/**
 * Cuts the video track of a source into segments without decoding it. HEVC is named `hvc1`, which Apple's players need, and which
 * says that all parameter sets are in the header.
 */
export function remuxCommand(tools: Tools, work: VideoWork): FfmpegCommand {
  const { video } = work.facts
  const tag = video.codec === 'hevc' ? ['-tag:v', 'hvc1'] : []
  const command = readSource(tools, codecsOf(work.facts), '-copyts')
  for (const rung of work.rungs) {
    command
      .output(`${rung.name}/list.m3u8`)
      .outputOptions('-map', `0:${video.streamIndex}`, '-an', '-c:v', 'copy', ...tag)
      .outputOptions('-bsf:v', [ontoGrid(video), ...labels(work)].join(','), ...videoSegments(rung))
  }
  return command
}

/** Frames that are decoded before one that is shown before them; a codec has at most 16 (ITU-T H.264 section A.3). */
const MAX_REORDERED = 16

/** The muxer of MP4 doubles slower clocks until they have as many ticks a second, and a filter does not learn of that. */
const MIN_TICKS = 10_000

/**
 * Moves each frame to its place on the grid, which is less than a frame away: containers round, and cameras waver. Decoding
 * times follow one another at the same rate; the muxer moves them up to the first frame.
 */
function ontoGrid({ startTime, frameRate: { num, den } }: SourceFacts['video']): string {
  const factor = 2 ** Math.max(0, Math.ceil(Math.log2(MIN_TICKS / num)))
  const step = den * factor
  const ticks = num * factor
  // PTS counts the ticks of the new clock; TB is that of the old one.
  const place = `round((PTS/${ticks}-(${startTime.toFixed(6)}))*${num}/${den})`
  const times = [`pts='if(eq(N,0),0,${place}*${step})'`, `dts=(N-${MAX_REORDERED})*${step}`, `duration=${step}`]
  return `setts=${times.join(':')}:time_base=1/${ticks}`
}

/** Codes of H.264 and HEVC for the names in `renditionColour` (ITU-T H.264 tables E-3 to E-5). */
const COLOUR_CODES: Record<string, number> = { bt709: 1, bt470m: 4, bt470bg: 5, smpte170m: 6, 'iec61966-2-1': 13 }

/** Video without a declared colour gets the label of the other renditions, in its headers; its frames stay unchanged. */
function labels({ facts: { video } }: VideoWork): string[] {
  if (video.colorMatrix !== undefined) return []
  const { primaries, transfer, matrix } = renditionColour(video)
  const codes = [
    `colour_primaries=${COLOUR_CODES[primaries]}`,
    `transfer_characteristics=${COLOUR_CODES[transfer]}`,
    `matrix_coefficients=${COLOUR_CODES[matrix]}`,
  ]
  return [`${video.codec === 'hevc' ? 'hevc_metadata' : 'h264_metadata'}=${codes.join(':')}`]
}
