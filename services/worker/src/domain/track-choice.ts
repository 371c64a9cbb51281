import {
  MAX_AUDIO_TRACKS,
  MAX_SOURCE_SUBTITLES,
  type SourceSubtitles,
  type Warning,
  warningOf,
} from '@kinora/common/contracts'
import { isDecodable, isStillCodec } from '../infra/allowed-input.ts'
import { isCover, nameOf, type ProbedStream, type ProbeReport, textsOf } from './probe-report.ts'
import { inputFault } from './task-failure.ts'

/** Streams that may become the frames of the video. A cover is a picture of the file, not a track of it. */
export function videoCandidates({ streams }: ProbeReport): ProbedStream[] {
  return streams.filter((stream) => stream.codec_type === 'video' && !isCover(stream))
}

/** The cover of a file without frames: the first that can be decoded. */
export function chooseCover({ streams }: ProbeReport): ProbedStream | undefined {
  return streams.find((stream) => isCover(stream) && isStillCodec(stream.codec_name ?? ''))
}

/** A stream with less than this share of the frames of another is a still or a slide show beside a film. */
const FEW_FRAMES = 1 / 10
/** Streams with at least this share of the largest one's pixels are alike; then the flags of the file decide. */
const ALIKE = 1 / 2

/**
 * The stream that is shown: of those with enough frames the one with the most pixels in all its frames; among like ones
 * the default one, else the first. Throws `NO_VIDEO_STREAM`.
 */
export function chooseVideo(
  candidates: readonly ProbedStream[],
  framesOf: (stream: ProbedStream) => number,
): ProbedStream {
  const most = Math.max(...candidates.map(framesOf))
  const films = candidates.filter((stream) => framesOf(stream) >= most * FEW_FRAMES)
  const pixels = (stream: ProbedStream) => framesOf(stream) * (stream.width ?? 0) * (stream.height ?? 0)
  const largest = Math.max(...films.map(pixels))
  const alike = films.filter((stream) => pixels(stream) >= largest * ALIKE)
  const chosen = alike.find(({ disposition }) => disposition?.default) ?? alike[0]
  if (!chosen) throw inputFault('NO_VIDEO_STREAM')
  return chosen
}

/** Hz, below that of any speech codec; the resampler produces noise from less. */
const MIN_SAMPLE_RATE = 2000
/** Hz, the highest of any converter. Resampling costs by the rate, and a header can name any. */
const MAX_SAMPLE_RATE = 768_000

/** Why a stream cannot be played; undefined if it can. */
type Refusal = (stream: ProbedStream) => string | undefined

/**
 * The audio of a video: all that can be decoded, up to a number. `audio` is what players begin with: the default one, else the
 * first.
 * @param isEncrypted says so of a stream
 */
export function chooseAudio(
  { streams }: ProbeReport,
  isEncrypted: (stream: ProbedStream) => boolean,
): {
  audio: ProbedStream | undefined
  microphones: ProbedStream[]
  otherAudio: ProbedStream[]
  warnings: Warning[]
} {
  const refusal: Refusal = (stream) => (isEncrypted(stream) ? 'it is encrypted' : audioRefusal(stream))
  const all = streams.filter(({ codec_type, nb_frames }) => codec_type === 'audio' && nb_frames !== 0)
  const playable = all.filter((stream) => refusal(stream) === undefined)
  const audio = playable.find(({ disposition }) => disposition?.default) ?? playable[0]
  const microphones = audio && playable.length === all.length ? furtherMicrophones(all, audio) : []
  const isApart = (stream: ProbedStream) => stream !== audio && !microphones.includes(stream)
  const otherAudio = playable.filter(isApart).slice(0, MAX_AUDIO_TRACKS - 1)
  const skipped = all.filter((stream) => isApart(stream) && !otherAudio.includes(stream))
  const reason = (stream: ProbedStream) => refusal(stream) ?? `a video has at most ${MAX_AUDIO_TRACKS} audio tracks`
  const warnings = skipped.map((stream) => skippedTrack('AUDIO_TRACK_SKIPPED', stream, reason(stream)))
  return { audio, microphones, otherAudio, warnings }
}

/** Throws the reason why a file without frames has nothing to play: `SOURCE_UNSUPPORTED` or `NO_VIDEO_STREAM`. */
export function refuseSilent({ streams }: ProbeReport, isEncrypted: (stream: ProbedStream) => boolean): never {
  const [first] = streams.filter(({ codec_type }) => codec_type === 'audio')
  if (!first) throw inputFault('NO_VIDEO_STREAM')
  const reason = isEncrypted(first) ? 'it is encrypted' : (audioRefusal(first) ?? 'it has no samples')
  throw inputFault('SOURCE_UNSUPPORTED', `The file has no video, and ${nameOf(first)} cannot be played: ${reason}.`)
}

/** More are not a camera's. */
const MAX_MONO_TRACKS = 16

/**
 * The other tracks of a recording whose microphones each have a mono track of their own: all audio tracks are mono, and they
 * differ in nothing. Two languages, or a comment, differ.
 */
function furtherMicrophones(audios: readonly ProbedStream[], main: ProbedStream): ProbedStream[] {
  const isAlike = (stream: ProbedStream) =>
    stream.channels === 1 &&
    stream.codec_name === main.codec_name &&
    stream.sample_rate === main.sample_rate &&
    stream.tags?.language === main.tags?.language &&
    stream.tags?.title === main.tags?.title
  if (audios.length > MAX_MONO_TRACKS || !audios.every(isAlike)) return []
  return audios.filter((stream) => stream !== main)
}

function audioRefusal({ codec_name, channels, sample_rate }: ProbedStream): string | undefined {
  if (codec_name === undefined || !isDecodable(codec_name)) return 'its codec is not supported'
  if (!channels || (sample_rate ?? 0) < MIN_SAMPLE_RATE) return 'it is damaged'
  return (sample_rate ?? 0) > MAX_SAMPLE_RATE ? 'its sample rate is not supported' : undefined
}

/** Warnings for the streams that are not shown. Covers are pictures of the file, not tracks of the film. */
export function skippedTracks({ streams }: ProbeReport, video: ProbedStream): Warning[] {
  const others = streams.filter((stream) => stream.codec_type === 'video' && stream !== video && !isCover(stream))
  return others.map((stream) => skippedTrack('VIDEO_TRACK_SKIPPED', stream, `${nameOf(video)} is shown`))
}

/** Subtitles that are text; ffprobe calls SubStation Alpha `ass` in all versions. */
const TEXTS = ['subrip', 'ass', 'ssa', 'mov_text', 'webvtt', 'text', 'eia_608']
const PICTURES = ['hdmv_pgs_subtitle', 'dvd_subtitle', 'dvb_subtitle', 'xsub']

/** Subtitle tracks that become captions, and warnings for all others. */
export function chooseSubtitles(
  { streams }: ProbeReport,
  isEncrypted: (stream: ProbedStream) => boolean,
): { subtitles: SourceSubtitles[]; warnings: Warning[] } {
  const all = streams.filter(({ codec_type }) => codec_type === 'subtitle')
  const texts = all.filter((stream) => TEXTS.includes(stream.codec_name ?? '') && !isEncrypted(stream))
  const chosen = texts.slice(0, MAX_SOURCE_SUBTITLES)
  const reason = (stream: ProbedStream) => {
    if (isEncrypted(stream)) return 'it is encrypted'
    if (PICTURES.includes(stream.codec_name ?? '')) return 'its texts are pictures'
    if (texts.includes(stream)) return `at most ${MAX_SOURCE_SUBTITLES} are taken over`
    return 'its codec is not supported'
  }
  const skipped = all.filter((stream) => !chosen.includes(stream))
  return {
    subtitles: chosen.map(subtitlesOf),
    warnings: skipped.map((stream) => skippedTrack('SUBTITLE_TRACK_SKIPPED', stream, reason(stream))),
  }
}

function subtitlesOf(stream: ProbedStream): SourceSubtitles {
  const { index, codec_name, disposition } = stream
  return {
    streamIndex: index,
    codec: codec_name ?? '',
    ...textsOf(stream),
    ...(disposition?.forced === 1 && { forced: true }),
    ...(disposition?.hearing_impaired === 1 && { sdh: true }),
  }
}

type SkippedCode = 'AUDIO_TRACK_SKIPPED' | 'VIDEO_TRACK_SKIPPED' | 'SUBTITLE_TRACK_SKIPPED'

function skippedTrack(code: SkippedCode, stream: ProbedStream, reason: string): Warning {
  const name = nameOf(stream)
  return warningOf(code, `${name.charAt(0).toUpperCase()}${name.slice(1)} is not part of the video: ${reason}.`)
}

/** Throws `SOURCE_UNSUPPORTED`, with the stream and its codec, for video that cannot be decoded. */
export function assertShowable(video: ProbedStream, isEncrypted: boolean): void {
  if (isEncrypted) throw inputFault('SOURCE_UNSUPPORTED', `The file is encrypted: ${nameOf(video)} needs a key.`)
  if (video.codec_name === undefined || !isDecodable(video.codec_name)) {
    throw inputFault('SOURCE_UNSUPPORTED', `The codec of ${nameOf(video)} is not supported.`)
  }
  assertShowableColours(video)
}

/** Without a base layer that players of other formats show: its colours (IPT) would come out green and purple. */
const DOLBY_ONLY = [5, 10]

/** Throws `SOURCE_UNSUPPORTED` for Dolby Vision that only its own decoders show right. */
function assertShowableColours({ side_data_list: sideData = [] }: ProbedStream): void {
  const dolby = sideData.find(({ dv_profile }) => dv_profile !== undefined)
  if (!dolby || !DOLBY_ONLY.includes(dolby.dv_profile ?? 0) || dolby.dv_bl_signal_compatibility_id !== 0) return
  const detail = `The video is Dolby Vision profile ${dolby.dv_profile}, whose colours cannot be converted; export it as HDR10, HLG or Dolby Vision profile 8.`
  throw inputFault('SOURCE_UNSUPPORTED', detail)
}
