import type { FrameRate, SourceFacts } from '@kinora/common/contracts'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { renditionColour } from './colour.ts'
import { readSource } from './ffmpeg-command.ts'
import { perSecond } from './frame-rate.ts'
import type { Place } from './mark-place.ts'
import { standardPicture } from './picture-filters.ts'
import type { Tools } from './run-tool.ts'
import { searchFor } from './search-options.ts'
import { segmenter } from './segmenter.ts'
import { firstOf, type VideoWork, type WorkRung } from './video-work.ts'

/** A watermark in the size for one rung, as a file of raw RGBA in the workspace. */
export interface LaidMark extends Place {
  file: string
}

/**
 * One run that decodes a range of frames once and writes the segments of every rung: `<rung>/init.mp4` and
 * `<rung>/<number>.m4s`. The result does not depend on where the video was cut: time stamps are those of the whole.
 * @param marks one for each rung, of a video that has a watermark
 */
export function videoCommand(tools: Tools, work: VideoWork, marks: readonly LaidMark[] = []): FfmpegCommand {
  const { facts, chunk, rungs } = work
  const command = readSource(tools, ...KEEP_FILTERS, ...seekOptions(facts, chunk.startFrame))
  for (const mark of marks) command.input(`file:${mark.file}`).inputOptions(...markInput(mark, facts.video.frameRate))
  command.complexFilter(filterGraph(work, marks))
  rungs.forEach((rung, index) => {
    command
      .output(`${rung.name}/list.m3u8`)
      .outputOptions('-map', `[rung${index}]`, '-an')
      .outputOptions(...encoder(tools, work, rung), ...segmenter(work, rung))
  })
  return command
}

/**
 * Pictures that change their size or format in mid-stream, as calls that were recorded do, would have the filters built
 * anew, which then begin to count from 0. `scale` takes such pictures as they come.
 */
const KEEP_FILTERS = ['-reinit_filter', '0']

/**
 * Where to start reading. `-noaccurate_seek` decodes from the key frame before that place and leaves the rest to the
 * `fps` filter, which needs the picture before the chunk when a gap lies at its start. The place is just behind the
 * first frame's, so that a key frame there is found and not the one before.
 */
function seekOptions({ container, video }: SourceFacts, startFrame: number): string[] {
  if (startFrame === 0 && !video.clipped) return ['-copyts']
  return searchFor(container, video.startTime + (startFrame + 0.4) / perSecond(video.frameRate))
}

/**
 * Source clock → video clock → constant rate from exactly `startFrame` on → exactly `frameCount` frames, the last one
 * repeated if the source ends early → the largest rung's picture, from which the smaller ones are scaled. A rung whose
 * first segments another task makes drops those frames before they are scaled. A watermark is laid over each rung in its own
 * size: the same, whichever rungs a task makes.
 */
function filterGraph(work: VideoWork, marks: readonly LaidMark[]): string[] {
  const { chunk, rungs, segmentFrames } = work
  const { video } = work.facts
  const { num, den } = video.frameRate
  const largest = rungs.reduce((best, rung) => (rung.width > best.width ? rung : best))
  const common = [
    `setpts=PTS-round((${video.startTime.toFixed(6)})/TB)`,
    `fps=fps=${num}/${den}:start_time=${((chunk.startFrame * den) / num).toFixed(9)}:round=near`,
    'tpad=stop=-1:stop_mode=clone',
    `trim=end_frame=${chunk.frameCount}`,
    ...standardPicture(video, largest),
  ]
  const outputs = rungs.map((_, index) => `[split${index}]`).join('')
  const branches = rungs.flatMap((rung, index) => {
    // `scale` makes up for rounded sides with pixels that are not square, and the header would tell who scaled from whom.
    const scale = rung === largest ? 'null' : `scale=${rung.width}:${rung.height},setsar=1`
    const skipped = (firstOf(rung, work) - chunk.firstSegment) * segmentFrames
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

/** A single frame, which `overlay` repeats. At the rate of the video, so that both have one time base, and times stay exact. */
function markInput({ width, height }: LaidMark, { num, den }: FrameRate): string[] {
  return ['-f', 'rawvideo', '-pixel_format', 'rgba', '-video_size', `${width}x${height}`, '-framerate', `${num}/${den}`]
}

/** In the colours of the pictures that it is laid over. */
function markColours(video: SourceFacts['video']): string {
  // BT.601 with 525 and with 625 lines have one matrix.
  const matrix = renditionColour(video).matrix === 'bt709' ? 'bt709' : 'smpte170m'
  return `scale=out_color_matrix=${matrix}:out_range=tv,format=yuva420p`
}

/**
 * Capped constant quality on a fixed key frame grid. `-g` alone does not hold the grid: the expression forces the key
 * frames, `forced-idr` makes them IDR, closed groups of pictures keep segments independent.
 */
function encoder({ preset, threads }: Tools, { gopFrames }: VideoWork, { maxrate }: WorkRung): string[] {
  return [
    ...['-c:v', 'libx264', '-preset', preset, '-profile:v', 'high', '-threads', String(threads)],
    ...['-crf', '23', '-maxrate', `${maxrate}k`, '-bufsize', `${2 * maxrate}k`],
    ...['-g', String(gopFrames), '-keyint_min', String(gopFrames), '-sc_threshold', '0', '-flags', '+cgop'],
    ...['-forced-idr', '1', '-force_key_frames', `expr:eq(mod(n,${gopFrames}),0)`],
    ...['-fps_mode', 'passthrough'],
  ]
}
