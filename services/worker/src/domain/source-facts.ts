import { MAX_CHAPTER_TITLE, MAX_CHAPTERS, type SourceChapter, type SourceFacts } from '@kinora/common/contracts'
import { colourFacts } from './colour.ts'
import { type FrameGrid, type FrameTimes, frameGrid, withSteadyStart } from './frame-grid.ts'
import { divideTo60, isUsableRate, parseRate, perSecond } from './frame-rate.ts'
import {
  assertShowableColours,
  furtherMicrophones,
  mainAudio,
  type ProbedStream,
  type ProbeReport,
} from './probe-report.ts'
import { inputFault } from './task-failure.ts'

/**
 * The grid that the header declares, where the header can be trusted: in a complete MP4 whose frames all have the same
 * duration. All other sources must be scanned.
 */
export function declaredGrid(report: ProbeReport, video: ProbedStream, wholeBoxes: boolean): FrameGrid | undefined {
  const [nominal, average] = [parseRate(video.r_frame_rate), parseRate(video.avg_frame_rate)]
  if (!wholeBoxes || !report.format.format_name.startsWith('mov,') || !nominal || !average) return undefined
  if (!video.nb_frames || video.duration === undefined || nominal.num * average.den !== average.num * nominal.den) {
    return undefined
  }
  const seconds = video.nb_frames / perSecond(nominal)
  // An edit list shows less than the track holds.
  if (Math.abs(seconds - video.duration) > 0.5 / perSecond(nominal)) return undefined
  const frameRate = divideTo60(nominal)
  if (!isUsableRate(frameRate)) return undefined
  const resample = frameRate !== nominal
  return { frameRate, frameCount: Math.max(1, Math.round(seconds * perSecond(frameRate))), resample }
}

/** The grid for the frames that were found, and when it begins. Throws `SOURCE_CORRUPT` when there are no frames. */
export function scannedGrid(video: ProbedStream, scan: FrameTimes): { grid: FrameGrid; startTime: number } {
  if (scan.times.length === 0) throw inputFault('SOURCE_CORRUPT', 'The file is damaged: it contains no video frame.')
  const declared = [parseRate(video.r_frame_rate), parseRate(video.avg_frame_rate)].filter((rate) => rate !== null)
  const times = withSteadyStart(scan.times, declared)
  return { grid: frameGrid(times, scan.lastDuration, declared), startTime: times[0] ?? 0 }
}

/** Hz, the highest of any converter. Resampling costs by the rate, and a header can name any. */
const MAX_SAMPLE_RATE = 768_000

/** The facts that the planner and the encoder need. Throws `SOURCE_UNSUPPORTED` for video without a size. */
export function sourceFacts(report: ProbeReport, video: ProbedStream, grid: FrameGrid, startTime: number): SourceFacts {
  if (!video.codec_name || !video.width || !video.height || !video.pix_fmt) {
    throw inputFault('SOURCE_UNSUPPORTED', 'The video track of this file is damaged, or its codec is not supported.')
  }
  const audio = mainAudio(report)
  if ((audio?.sample_rate ?? 0) > MAX_SAMPLE_RATE) {
    throw inputFault('SOURCE_UNSUPPORTED', 'The sound of this file has a sample rate that is not supported.')
  }
  assertShowableColours(video)
  const microphones = audio ? furtherMicrophones(report, audio) : []
  const sourceRate = parseRate(video.avg_frame_rate)
  return {
    container: report.format.format_name,
    durationSeconds: grid.frameCount / perSecond(grid.frameRate),
    video: {
      streamIndex: video.index,
      codec: video.codec_name,
      pixelFormat: video.pix_fmt,
      ...displayedSize(video.width, video.height, video),
      ...grid,
      ...(sourceRate && { sourceRate }),
      interlaced: isInterlaced(video),
      ...colourFacts(video),
      startTime,
    },
    audio: audio
      ? {
          streamIndex: audio.index,
          codec: audio.codec_name ?? '',
          channels: audio.channels ?? 2,
          sampleRate: audio.sample_rate ?? 48_000,
          startTime: audio.start_time ?? startTime,
          ...(microphones.length > 0 && { mixedWith: microphones }),
        }
      : null,
  }
}

const INTERLACED = ['tt', 'bb', 'tb', 'bt']

/** Of H.264 with a field in each sample, MP4 does not tell. Frames that are not marked as interlaced are never changed. */
function isInterlaced({ codec_name: codec, field_order: order = 'unknown' }: ProbedStream): boolean {
  return INTERLACED.includes(order) || (codec === 'h264' && order === 'unknown')
}

/** Codecs of the streams that are used. */
export function codecsOf({ video, audio }: SourceFacts): string[] {
  return audio ? [video.codec, audio.codec] : [video.codec]
}

/** The chapters of the file, on its own clock, at most `MAX_CHAPTERS`. */
export function sourceChapters({ chapters }: ProbeReport): SourceChapter[] {
  return chapters.slice(0, MAX_CHAPTERS).map(({ start_time: start, tags }) => ({
    start,
    title: tags?.title?.slice(0, MAX_CHAPTER_TITLE) ?? '',
  }))
}

/** The size with square pixels, after rotation. The display matrix gives degrees, of either sign. */
function displayedSize(width: number, height: number, video: ProbedStream): { width: number; height: number } {
  const [sarWidth, sarHeight] = (video.sample_aspect_ratio ?? '').split(':').map(Number)
  const square = sarWidth && sarHeight ? Math.max(1, Math.round((width * sarWidth) / sarHeight)) : width
  const rotation = video.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0
  const onItsSide = Math.abs(Math.round(rotation / 90)) % 2 === 1
  return onItsSide ? { width: height, height: square } : { width: square, height }
}
