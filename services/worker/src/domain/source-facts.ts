import {
  type FrameRate,
  MAX_CHAPTER_TITLE,
  MAX_CHAPTERS,
  type SourceAudio,
  type SourceChapter,
  type SourceFacts,
} from '@kinora/common/contracts'
import { colourFacts } from './colour.ts'
import { type FrameTimes, frameGrid, withSteadyStart } from './frame-grid.ts'
import { divideTo60, isUsableRate, parseRate, perSecond } from './frame-rate.ts'
import { isMp4, nameOf, type ProbedStream, type ProbeReport, textsOf } from './probe-report.ts'
import { inputFault } from './task-failure.ts'
import type { FoundFrames, Timeline } from './timeline.ts'

/**
 * The frames that the header declares, where the header can be trusted: in a complete MP4 whose frames all have the same
 * duration. All other sources must be scanned.
 */
export function declaredFrames(report: ProbeReport, video: ProbedStream, wholeBoxes: boolean): FoundFrames | undefined {
  const [nominal, average] = [parseRate(video.r_frame_rate), parseRate(video.avg_frame_rate)]
  if (!wholeBoxes || !isMp4(report) || !nominal || !average) return undefined
  if (!video.nb_frames || video.duration === undefined || nominal.num * average.den !== average.num * nominal.den) {
    return undefined
  }
  const seconds = video.nb_frames / perSecond(nominal)
  // An edit list shows less than the track holds.
  if (Math.abs(seconds - video.duration) > 0.5 / perSecond(nominal)) return undefined
  const frameRate = divideTo60(nominal)
  if (!isUsableRate(frameRate)) return undefined
  const frameCount = Math.max(1, Math.round(seconds * perSecond(frameRate)))
  const grid = { frameRate, frameCount, resample: frameRate !== nominal }
  return { grid, startTime: video.start_time ?? 0, frames: video.nb_frames, rate: average }
}

/** The declared average, or the rate of the grid, is told where it is about that of the frames; headers may name any. */
const SAME_RATE = 0.1

/** The grid for the frames that were found, and when it begins. Throws `SOURCE_CORRUPT` when there are no frames. */
export function scannedFrames(video: ProbedStream, scan: FrameTimes): FoundFrames {
  if (scan.times.length === 0) throw inputFault('SOURCE_CORRUPT', 'The file is damaged: it contains no video frame.')
  const average = parseRate(video.avg_frame_rate)
  const declared = [parseRate(video.r_frame_rate), average].filter((rate) => rate !== null)
  const times = withSteadyStart(scan.times, declared)
  const grid = frameGrid(times, scan.lastDuration, declared)
  const [first = 0] = times
  return { grid, startTime: first, frames: times.length, rate: foundRate(times, [average, grid.frameRate]) }
}

function foundRate(times: number[], named: (FrameRate | null)[]): FrameRate | undefined {
  const span = (times.at(-1) ?? 0) - (times[0] ?? 0)
  if (times.length < 2 || span <= 0) return undefined
  const rate = (times.length - 1) / span
  const isClose = (other: FrameRate) => Math.abs(perSecond(other) / rate - 1) < SAME_RATE
  return (
    named.find((other) => other !== null && isClose(other)) ?? { num: Math.max(1, Math.round(rate * 1000)), den: 1000 }
  )
}

export interface AudioTracks {
  audio: ProbedStream | undefined
  /** Further audio, in the order of the file. */
  otherAudio: ProbedStream[]
  /** Mono tracks of the same recording as `audio`. */
  microphones: readonly ProbedStream[]
}

export interface SourceTracks extends AudioTracks {
  video: ProbedStream
}

/** The facts that the planner and the encoder need. Throws `SOURCE_UNSUPPORTED` for video without a size. */
export function sourceFacts(
  { format }: ProbeReport,
  { video, ...tracks }: SourceTracks,
  { grid, startTime, shown }: Timeline,
  sourceRate: FrameRate | undefined,
): SourceFacts {
  // The decoder of PNG works in several threads, and has not returned the only frame of a still when ffprobe has read enough.
  const pixelFormat = video.pix_fmt ?? (video.codec_name === 'png' ? 'unknown' : undefined)
  if (!video.codec_name || !video.width || !video.height || !pixelFormat) {
    throw inputFault('SOURCE_UNSUPPORTED', `The ${nameOf(video)} is damaged, or has a form that is not supported.`)
  }
  return {
    container: format.format_name,
    durationSeconds: grid.frameCount / perSecond(grid.frameRate),
    video: {
      streamIndex: video.index,
      codec: video.codec_name,
      pixelFormat,
      ...displayedSize(video.width, video.height, video),
      ...grid,
      ...(sourceRate && { sourceRate }),
      interlaced: isInterlaced(video),
      ...colourFacts(video),
      startTime,
      ...(shown && { shown }),
    },
    ...audioTracks(tracks, startTime),
  }
}

/** The size of the picture of a source without frames. */
export const WAVEFORM_SIZE = { width: 1280, height: 720 }

/** The same for a source without frames. */
export function audioSourceFacts(
  { format }: ProbeReport,
  tracks: AudioTracks,
  cover: ProbedStream | undefined,
  { grid, startTime }: Timeline,
): SourceFacts {
  const noFrames = { streamIndex: -1, codec: 'none', pixelFormat: 'none', interlaced: false, hdr: false }
  return {
    kind: 'audio',
    container: format.format_name,
    durationSeconds: grid.frameCount / perSecond(grid.frameRate),
    video: { ...noFrames, ...WAVEFORM_SIZE, ...grid, startTime },
    ...(cover && { cover: { streamIndex: cover.index, codec: cover.codec_name ?? '' } }),
    ...audioTracks(tracks, startTime),
  }
}

/** Containers whose clock begins anywhere. */
const WITHOUT_ZERO = /^(mpegts|mpeg)$/

/**
 * The facts by which an added file is encoded: its audio on the grid of a video, from the beginning of both. `facts` are those of
 * the video.
 */
export function addedFacts(facts: SourceFacts, { format }: ProbeReport, audio: ProbedStream): SourceFacts {
  const { otherAudio: _, cover: _cover, ...rest } = facts
  const startTime = WITHOUT_ZERO.test(format.format_name) ? (audio.start_time ?? 0) : 0
  const video = { ...facts.video, startTime, clipped: false }
  return { ...rest, kind: 'audio', container: format.format_name, video, audio: audioFacts(audio, startTime) }
}

function audioTracks(
  { audio, otherAudio, microphones }: AudioTracks,
  startTime: number,
): Pick<SourceFacts, 'audio' | 'otherAudio'> {
  const mixedWith = microphones.map(({ index }) => index)
  return {
    audio: audio ? { ...audioFacts(audio, startTime), ...(mixedWith.length > 0 && { mixedWith }) } : null,
    ...(otherAudio.length > 0 && { otherAudio: otherAudio.map((stream) => audioFacts(stream, startTime)) }),
  }
}

/** `5.1(side)`, `7.1` and their like. Six channels without places are six microphones, or unknown. */
const SURROUND = /^[5-7]\.[01](\(|$)/

function audioFacts(audio: ProbedStream, startTime: number): SourceAudio {
  return {
    streamIndex: audio.index,
    codec: audio.codec_name ?? '',
    channels: audio.channels ?? 2,
    sampleRate: audio.sample_rate ?? 48_000,
    startTime: audio.start_time ?? startTime,
    ...(SURROUND.test(audio.channel_layout ?? '') && { surround: true }),
    ...textsOf(audio),
    ...(audio.disposition?.visual_impaired === 1 && { audioDescription: true }),
  }
}

const INTERLACED = ['tt', 'bb', 'tb', 'bt']

/** Of H.264 with a field in each sample, MP4 does not tell. Frames that are not marked as interlaced are never changed. */
function isInterlaced({ codec_name: codec, field_order: order = 'unknown' }: ProbedStream): boolean {
  return INTERLACED.includes(order) || (codec === 'h264' && order === 'unknown')
}

/** Codecs of the streams that are used; of audio, those of this track. */
export function codecsOf({ kind, video, audio: first }: SourceFacts, audio = first): string[] {
  return [...(kind === 'audio' ? [] : [video.codec]), ...(audio ? [audio.codec] : [])]
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
