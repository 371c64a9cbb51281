import { MAX_CHAPTER_TITLE, MAX_CHAPTERS, type SourceChapter, type SourceFacts } from '@kinora/common/contracts'
import { inputFault } from '../task-failure.ts'
import { type FrameGrid, frameGrid } from './frame-grid.ts'
import { halveTo60, isUsableRate, parseRate, perSecond } from './frame-rate.ts'
import type { ProbedStream, ProbeReport } from './probe-source.ts'
import type { PacketScan } from './scan-packets.ts'
import { withSteadyStart } from './steady-start.ts'

/** The picture that is shown: the default one, cover art left out. Throws `NO_VIDEO_STREAM`. */
export function chooseVideo({ streams }: ProbeReport): ProbedStream {
  const pictures = streams.filter((stream) => stream.codec_type === 'video' && !stream.disposition?.attached_pic)
  const chosen = pictures.find((stream) => stream.disposition?.default) ?? pictures[0]
  if (!chosen) throw inputFault('NO_VIDEO_STREAM')
  return chosen
}

/** Lower than what any codec for speech has; a resampler makes nonsense of less. */
const MIN_SAMPLE_RATE = 2000

/** The sound that is heard: the default track, or the first. */
function chooseAudio({ streams }: ProbeReport): ProbedStream | undefined {
  const tracks = streams.filter(
    ({ codec_type, codec_name, channels, sample_rate, nb_frames }) =>
      codec_type === 'audio' &&
      codec_name !== undefined &&
      channels &&
      (sample_rate ?? 0) >= MIN_SAMPLE_RATE &&
      nb_frames !== 0,
  )
  return tracks.find((stream) => stream.disposition?.default) ?? tracks[0]
}

/**
 * The grid that the header promises, where the header can be believed: a whole MP4 whose frames all have the same
 * length. Everything else must be scanned.
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
  const frameRate = halveTo60(nominal)
  if (!isUsableRate(frameRate)) return undefined
  const resample = frameRate !== nominal
  return { frameRate, frameCount: Math.max(1, Math.round(seconds * perSecond(frameRate))), resample }
}

/** The grid under the pictures that were found, and when it begins. Throws `SOURCE_CORRUPT` when there are none. */
export function scannedGrid(video: ProbedStream, scan: PacketScan): { grid: FrameGrid; startTime: number } {
  if (scan.times.length === 0) throw inputFault('SOURCE_CORRUPT', 'The file is damaged: it holds no picture.')
  const declared = [parseRate(video.r_frame_rate), parseRate(video.avg_frame_rate)].filter((rate) => rate !== null)
  const times = withSteadyStart(scan.times, declared)
  return { grid: frameGrid(times, scan.lastDuration, declared), startTime: times[0] ?? 0 }
}

/** Puts together what the planner and the encoder need to know. Throws `SOURCE_UNSUPPORTED` for a picture without size. */
export function sourceFacts(report: ProbeReport, video: ProbedStream, grid: FrameGrid, startTime: number): SourceFacts {
  if (!video.codec_name || !video.width || !video.height || !video.pix_fmt) {
    throw inputFault('SOURCE_UNSUPPORTED', 'The picture of this file is damaged, or its codec is not supported.')
  }
  const audio = chooseAudio(report)
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
      interlaced: ['tt', 'bb', 'tb', 'bt'].includes(video.field_order ?? ''),
      hdr: ['smpte2084', 'arib-std-b67'].includes(video.color_transfer ?? ''),
      ...(video.color_space && video.color_space !== 'unknown' && { colorMatrix: video.color_space }),
      startTime,
    },
    audio: audio
      ? {
          streamIndex: audio.index,
          codec: audio.codec_name ?? '',
          channels: audio.channels ?? 2,
          sampleRate: audio.sample_rate ?? 48_000,
          startTime: audio.start_time ?? startTime,
        }
      : null,
  }
}

/** As the file has them, on its own clock, and no more of them than a video may have. */
export function sourceChapters({ chapters }: ProbeReport): SourceChapter[] {
  return chapters.slice(0, MAX_CHAPTERS).map(({ start_time: start, tags }) => ({
    start,
    title: tags?.title?.slice(0, MAX_CHAPTER_TITLE) ?? '',
  }))
}

/** Square pixels, then turned: the rotation of the display matrix is in degrees, of either sign. */
function displayedSize(width: number, height: number, video: ProbedStream): { width: number; height: number } {
  const [sarWidth, sarHeight] = (video.sample_aspect_ratio ?? '').split(':').map(Number)
  const square = sarWidth && sarHeight ? Math.max(1, Math.round((width * sarWidth) / sarHeight)) : width
  const rotation = video.side_data_list?.find((data) => data.rotation !== undefined)?.rotation ?? 0
  const onItsSide = Math.abs(Math.round(rotation / 90)) % 2 === 1
  return onItsSide ? { width: height, height: square } : { width: square, height }
}
