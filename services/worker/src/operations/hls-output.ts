import type { FrameRate } from '@kinora/common/contracts'
import { perSecond } from '../domain/frame-rate.ts'
import { firstSegmentOf, type VideoWork, type WorkRung } from '../domain/task-work.ts'

/** Output options that write audio as `init.mp4` and `<number>.m4s`. */
export function audioSegments(segmentSeconds: number): string[] {
  return [
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '0', '-hls_time', String(segmentSeconds)],
    ...['-hls_segment_options', 'movflags=+frag_discont:fflags=+bitexact', '-start_number', '0'],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', '-hls_flags', 'temp_file'],
  ]
}

/**
 * Output options that write video as `<rung>/init.mp4` and `<rung>/<number>.m4s`. `frag_discont` keeps decode times on the
 * video's clock; negative composition offsets make an edit list unnecessary. Each key frame begins a fragment, so that the
 * bytes of its header and its frame are contiguous (RFC 8216 section 4.3.3.6).
 */
export function videoSegments(work: VideoWork, rung: WorkRung): string[] {
  const { segmentFrames, facts } = work
  return [
    // Otherwise frames that are decoded before the first one is shown would shift all times.
    ...['-avoid_negative_ts', 'disabled', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '0'],
    ...['-hls_time', secondsOf(segmentFrames, facts.video.frameRate)],
    ...['-hls_segment_options', 'movflags=+frag_discont+negative_cts_offsets+frag_keyframe:fflags=+bitexact'],
    ...['-start_number', String(firstSegmentOf(rung, work)), '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', `${rung.name}/%d.m4s`, '-hls_flags', 'temp_file'],
  ]
}

/**
 * The muxer cuts at the first key frame at or after a multiple of this duration, in microseconds. It is rounded down, so
 * that the key frame at the cut is never missed, and by less than one microsecond, because the error adds up over twelve
 * hours and could reach another key frame before the cut.
 */
function secondsOf(frames: number, rate: FrameRate): string {
  return (Math.floor((frames / perSecond(rate)) * 1e6 + 1e-3) / 1e6).toFixed(6)
}
