import { type SourceAudio, type SourceFacts, segmentCount } from '@kinora/common/contracts'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { perSecond } from '../domain/frame-rate.ts'
import { codecsOf } from '../domain/source-facts.ts'
import type { AudioWork } from '../domain/task-work.ts'
import { readSource, seekTo } from '../infra/ffmpeg.ts'
import type { Tools } from '../infra/run-tool.ts'
import { audioSegments } from './hls-output.ts'

export const AUDIO_RATE = 48_000
/** Samples of one AAC-LC frame, and of the encoder's delay (ISO/IEC 14496-3 section 4.5.2.1). */
export const AAC_FRAME = 1024
const PREROLL_SECONDS = 1

/** Encodes a whole audio track into segments, as stereo or 5.1, with the length of the video and in sync with it. */
export function audioCommand(tools: Tools, work: AudioWork, track: SourceAudio): FfmpegCommand {
  const { facts } = work
  const command = readSource(tools, codecsOf(facts, track), ...startOptions(facts))
  return encoded(command, work.channels ? [surroundGraph(facts, track)] : filterGraph(facts, track), work)
}

/** The same of silence. */
export function silenceCommand(tools: Tools, work: AudioWork): FfmpegCommand {
  const { facts } = work
  const whole = `atrim=start_sample=${AAC_FRAME}:end_sample=${audioSamples(facts)}`
  const silence = `anullsrc=r=${AUDIO_RATE}:cl=stereo,${whole}[audio]`
  return encoded(readSource(tools, codecsOf(facts)), [silence], work)
}

function encoded(command: FfmpegCommand, filters: string[], { segmentSeconds, channels }: AudioWork): FfmpegCommand {
  return command
    .complexFilter(filters)
    .output('list.m3u8')
    .outputOptions('-map', '[audio]', '-vn', '-map_metadata', '-1', '-map_chapters', '-1')
    .outputOptions(
      '-c:a',
      'aac',
      '-b:a',
      channels ? '384k' : '128k',
      '-flags',
      '+bitexact',
      '-avoid_negative_ts',
      'disabled',
    )
    .outputOptions(...audioSegments(segmentSeconds))
}

/** Formats of audio that have no index: a seek guesses the place and the time there. They are read from the beginning. */
const UNSEEKABLE = /^(mp3|aac|amr)$/

/** The audio of a clip is read from a little before its start, because a decoder needs some audio to begin. */
export function startOptions({ container, video }: SourceFacts): string[] {
  return video.clipped && !UNSEEKABLE.test(container)
    ? seekTo(container, video.startTime - PREROLL_SECONDS)
    : ['-copyts']
}

/** Samples of audio for the length of the video, and at least enough for one AAC frame after the delay. */
export function audioSamples({ video }: SourceFacts): number {
  return Math.max(Math.round((video.frameCount / perSecond(video.frameRate)) * AUDIO_RATE), AAC_FRAME + 1)
}

/** As many segments as the video has, so that both end with a whole one. */
export function audioSegmentCount({ facts: { video }, segmentSeconds }: AudioWork): number {
  const { frameCount, frameRate } = video
  return segmentCount({ frameCount, frameRate, segmentFrames: Math.round(segmentSeconds * perSecond(frameRate)) })
}

/** Audio further than this from the video is cut before the resampler. */
const MARGIN_SECONDS = 1

/**
 * The resampler would put mono on both sides 3 dB lower, so mono is mixed here: of left, right and centre, mono has only the
 * centre and stereo only the others, and `pan` ignores channels that do not exist.
 */
const STEREO = ['aformat=sample_fmts=fltp:channel_layouts=mono|stereo', 'pan=stereo|FL=FL+FC|FR=FR+FC']

/** Share of the centre on each side. The usual 0.71 would put dialogue, which is in the centre, 3 dB lower. */
const CENTRE = 0.8
/** A sum of many channels may exceed full scale for moments; the limiter takes those back, and only those. */
const LIMIT = 'alimiter=limit=0.89:attack=1:release=50:level=0:latency=1'
/** The resampler mixes more than two channels, without making all of them quieter. */
const MIXED = ['aformat=sample_fmts=dbl:channel_layouts=stereo', LIMIT]

function filterGraph(facts: SourceFacts, { streamIndex, channels, mixedWith: others = [] }: SourceAudio): string[] {
  if (others.length === 0) {
    const stereo = channels > 2 ? MIXED : STEREO
    return [`[0:${streamIndex}]${[...onVideoClock(facts), ...stereo, ...exactLength(facts)].join(',')}[audio]`]
  }
  const tracks = [streamIndex, ...others].sort((one, other) => one - other)
  // Until the last one ends; the length is cut afterwards.
  const mono = [...onVideoClock(facts), 'aformat=sample_fmts=dbl:channel_layouts=mono', 'apad'].join(',')
  const inputs = tracks.map((track, index) => `[0:${track}]${mono}[track${index}]`)
  const sum = [`amerge=inputs=${tracks.length}`, panned(tracks.length), LIMIT, ...exactLength(facts)]
  return [...inputs, `${tracks.map((_, index) => `[track${index}]`).join('')}${sum.join(',')}[audio]`]
}

/** AAC has the places of 5.1 with the rear pair at the back; the sides of 7.1 are mixed into it. */
function surroundGraph(facts: SourceFacts, { streamIndex, channels }: SourceAudio): string {
  const surround = ['aformat=sample_fmts=dbl:channel_layouts=5.1', ...(channels > 6 ? [LIMIT] : [])]
  return `[0:${streamIndex}]${[...onVideoClock(facts), ...surround, ...exactLength(facts)].join(',')}[audio]`
}

/** Mono tracks of one camera in pairs: the first of each is on the left, the second on the right. */
function panned(tracks: number): string {
  const side = (first: number) => {
    return Array.from({ length: tracks }, (_, index) => index)
      .filter((index) => index % 2 === first)
      .map((index) => `c${index}`)
      .join('+')
  }
  return `pan=stereo|FL=${side(0)}|FR=${side(1)}`
}

/**
 * The first video frame is time 0: audio before it is cut, and silence fills the time where the audio starts later or has
 * gaps. The resampler fills gaps with silence that it keeps in memory, so a track that begins hours away must not reach it.
 */
export function onVideoClock(facts: SourceFacts): string[] {
  return [
    `asetpts=PTS-round((${facts.video.startTime.toFixed(6)})/TB)`,
    `atrim=start=${-MARGIN_SECONDS}:end=${Math.ceil(audioSamples(facts) / AUDIO_RATE) + MARGIN_SECONDS}`,
    `aresample=${AUDIO_RATE}:async=1:first_pts=0:center_mix_level=${CENTRE}`,
  ]
}

/**
 * Silence until the end of the video. The encoder puts a frame of delay before its input, at −1024 samples. Input from sample
 * 1024 on puts that frame at 0 and all other samples at their true times. So no edit list is needed, which some players
 * ignore; the cost is the first 21 ms.
 */
function exactLength(facts: SourceFacts): string[] {
  return [
    'apad',
    // A track with no samples left is silence without times.
    'asetpts=N',
    `atrim=start_sample=${AAC_FRAME}:end_sample=${audioSamples(facts)}`,
  ]
}
