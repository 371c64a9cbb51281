import type { FrameRate } from '@kinora/common/contracts'
import { perSecond } from './frame-rate.ts'
import { firstOf, type VideoWork, type WorkRung } from './video-work.ts'

/**
 * Output options that cut a rendition into segments. `frag_discont` keeps decode times on the video's clock; negative
 * composition offsets make an edit list needless. A fragment for each key frame, so that the bytes of its header and its
 * picture stand together (RFC 8216 section 4.3.3.6).
 */
export function segmenter(work: VideoWork, rung: WorkRung): string[] {
  const { segmentFrames, facts } = work
  return [
    // Otherwise the pictures that are decoded before the first one is shown would move all times.
    ...['-avoid_negative_ts', 'disabled', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '0'],
    ...['-hls_time', lengthOf(segmentFrames, facts.video.frameRate)],
    ...['-hls_segment_options', 'movflags=+frag_discont+negative_cts_offsets+frag_keyframe:fflags=+bitexact'],
    ...['-start_number', String(firstOf(rung, work)), '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', `${rung.name}/%d.m4s`, '-hls_flags', 'temp_file'],
  ]
}

/**
 * The muxer cuts at the first key frame at or after so many times this length. Its unit is the microsecond: rounded down,
 * so that the key frame at that place is never missed; and no less, because over twelve hours it adds up, and another key
 * frame may stand before.
 */
function lengthOf(frames: number, rate: FrameRate): string {
  return (Math.floor((frames / perSecond(rate)) * 1e6 + 1e-3) / 1e6).toFixed(6)
}
