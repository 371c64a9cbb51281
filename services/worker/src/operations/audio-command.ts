import type { SourceFacts, TaskWork } from '@kinora/common/contracts'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { readSource } from './ffmpeg-command.ts'
import { perSecond } from './frame-rate.ts'
import type { Tools } from './run-tool.ts'
import { searchFor } from './search-options.ts'

export type AudioWork = Extract<TaskWork, { kind: 'audio' }>

export const AUDIO_RATE = 48_000
/** Samples of one AAC-LC frame, and of the encoder's delay (ISO/IEC 14496-3 section 4.5.2.1). */
export const AAC_FRAME = 1024
const SOUND_PREROLL_SECONDS = 1

/** Encodes the whole sound as `init.mp4` and `<number>.m4s`, as long as the picture and in step with it. */
export function audioCommand(tools: Tools, { facts, segmentSeconds }: AudioWork, streamIndex: number): FfmpegCommand {
  return readSource(tools, ...whereToBegin(facts))
    .complexFilter(`[0:${streamIndex}]${soundFilters(facts).join(',')}[sound]`)
    .output('list.m3u8')
    .outputOptions('-map', '[sound]', '-vn', '-map_metadata', '-1', '-map_chapters', '-1')
    .outputOptions('-c:a', 'aac', '-b:a', '128k', '-flags', '+bitexact', '-avoid_negative_ts', 'disabled')
    .outputOptions(
      ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '0', '-hls_time', String(segmentSeconds)],
      ...['-hls_segment_options', 'movflags=+frag_discont:fflags=+bitexact', '-start_number', '0'],
      ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', '-hls_flags', 'temp_file'],
    )
}

/** The sound of a clip is read from a little before it, because a decoder needs some of it to begin. */
function whereToBegin({ container, video }: SourceFacts): string[] {
  return video.clipped ? searchFor(container, video.startTime - SOUND_PREROLL_SECONDS) : ['-copyts']
}

/** Samples of sound that belong to the picture; never less than what gives one AAC frame after the delay. */
export function soundSamples({ video }: SourceFacts): number {
  return Math.max(Math.round((video.frameCount / perSecond(video.frameRate)) * AUDIO_RATE), AAC_FRAME + 1)
}

/** Sound further than this from the picture is cut before the resampler sees it. */
const MARGIN_SECONDS = 1

/**
 * More than two channels are mixed by the resampler, which `rematrix_maxval=1` keeps within full scale: in float it would
 * add them up to three times as high. One channel it would put on both sides 3 dB lower, so that is done here: of left,
 * right and centre, mono has only the centre and stereo only the others, and `pan` leaves out what is not there.
 */
const STEREO = ['aformat=sample_fmts=fltp:channel_layouts=mono|stereo', 'pan=stereo|FL=FL+FC|FR=FR+FC']

/**
 * The picture's first frame is time 0: sound before it is cut, silence put in where the sound starts later, has gaps or
 * ends early. The encoder puts a frame of delay before what it is given, at −1024 samples; giving it the sound from
 * sample 1024 on puts that frame at 0 and everything else at its true time, so no edit list is needed, which not all
 * players obey. The price is the first 21 ms. The resampler fills a distance with silence that it holds in memory, so a
 * track that begins hours away must not reach it.
 */
function soundFilters(facts: SourceFacts): string[] {
  return [
    `asetpts=PTS-round((${facts.video.startTime.toFixed(6)})/TB)`,
    `atrim=start=${-MARGIN_SECONDS}:end=${Math.ceil(soundSamples(facts) / AUDIO_RATE) + MARGIN_SECONDS}`,
    `aresample=${AUDIO_RATE}:async=1:first_pts=0:rematrix_maxval=1`,
    ...STEREO,
    'apad',
    // A track of which nothing is left is silence without times.
    'asetpts=N',
    `atrim=start_sample=${AAC_FRAME}:end_sample=${soundSamples(facts)}`,
  ]
}
