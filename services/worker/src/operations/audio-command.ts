import type { SourceAudio, SourceFacts } from '@kinora/common/contracts'
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

/** Encodes a whole audio track into segments, with the length of the video and in sync with it. */
export function audioCommand(
  tools: Tools,
  { facts, segmentSeconds }: AudioWork,
  { streamIndex, codec }: SourceAudio,
): FfmpegCommand {
  const command = readSource(tools, [facts.video.codec, codec], ...startOptions(facts))
  return encoded(command, `[0:${streamIndex}]${audioFilters(facts).join(',')}`, segmentSeconds)
}

/** The same of silence. */
export function silenceCommand(tools: Tools, { facts, segmentSeconds }: AudioWork): FfmpegCommand {
  const whole = `atrim=start_sample=${AAC_FRAME}:end_sample=${audioSamples(facts)}`
  return encoded(readSource(tools, codecsOf(facts)), `anullsrc=r=${AUDIO_RATE}:cl=stereo,${whole}`, segmentSeconds)
}

function encoded(command: FfmpegCommand, filters: string, segmentSeconds: number): FfmpegCommand {
  return command
    .complexFilter(`${filters}[audio]`)
    .output('list.m3u8')
    .outputOptions('-map', '[audio]', '-vn', '-map_metadata', '-1', '-map_chapters', '-1')
    .outputOptions('-c:a', 'aac', '-b:a', '128k', '-flags', '+bitexact', '-avoid_negative_ts', 'disabled')
    .outputOptions(...audioSegments(segmentSeconds))
}

/** The audio of a clip is read from a little before its start, because a decoder needs some audio to begin. */
function startOptions({ container, video }: SourceFacts): string[] {
  return video.clipped ? seekTo(container, video.startTime - PREROLL_SECONDS) : ['-copyts']
}

/** Samples of audio for the length of the video, and at least enough for one AAC frame after the delay. */
export function audioSamples({ video }: SourceFacts): number {
  return Math.max(Math.round((video.frameCount / perSecond(video.frameRate)) * AUDIO_RATE), AAC_FRAME + 1)
}

/** Audio further than this from the video is cut before the resampler. */
const MARGIN_SECONDS = 1

/**
 * The resampler mixes more than two channels; `rematrix_maxval=1` keeps the result within full scale, which in float could
 * be three times as high. It would also put mono on both sides 3 dB lower, so mono is mixed here: of left, right and centre,
 * mono has only the centre and stereo only the others, and `pan` ignores channels that do not exist.
 */
const STEREO = ['aformat=sample_fmts=fltp:channel_layouts=mono|stereo', 'pan=stereo|FL=FL+FC|FR=FR+FC']

/**
 * The first video frame is time 0: audio before it is cut, and silence fills the time where the audio starts later, has gaps
 * or ends early. The encoder puts a frame of delay before its input, at −1024 samples. Input from sample 1024 on puts that
 * frame at 0 and all other samples at their true times. So no edit list is needed, which some players ignore; the cost is
 * the first 21 ms. The resampler fills gaps with silence that it keeps in memory, so a track that begins hours away must not
 * reach it.
 */
function audioFilters(facts: SourceFacts): string[] {
  return [
    `asetpts=PTS-round((${facts.video.startTime.toFixed(6)})/TB)`,
    `atrim=start=${-MARGIN_SECONDS}:end=${Math.ceil(audioSamples(facts) / AUDIO_RATE) + MARGIN_SECONDS}`,
    `aresample=${AUDIO_RATE}:async=1:first_pts=0:rematrix_maxval=1`,
    ...STEREO,
    'apad',
    // A track with no samples left is silence without times.
    'asetpts=N',
    `atrim=start_sample=${AAC_FRAME}:end_sample=${audioSamples(facts)}`,
  ]
}
