import type { WorkRung } from '../domain/task-work.ts'

/** Output options that write audio as `init.mp4` and `<number>.m4s`. */
export function audioSegments(segmentSeconds: number): string[] {
  return [
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '0', '-hls_time', String(segmentSeconds)],
    ...['-hls_segment_options', 'movflags=+frag_discont:fflags=+bitexact', '-start_number', '0'],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', '%d.m4s', '-hls_flags', 'temp_file'],
  ]
}

/**
 * Output options that write video as `<rung>/init.mp4` and one file `<rung>/group-<number>.m4s` for each key frame and what
 * follows it, which \`assembleSegments\` joins: the muxer can cut at equal distances only. `frag_discont` keeps decode times on
 * the video's clock; negative composition offsets make an edit list unnecessary. Each key frame begins a fragment, so that the
 * bytes of its header and its frame are contiguous (RFC 8216 section 4.3.3.6).
 */
export function videoSegments(rung: WorkRung): string[] {
  return [
    // Otherwise frames that are decoded before the first one is shown would shift all times.
    ...['-avoid_negative_ts', 'disabled', '-map_metadata', '-1', '-map_chapters', '-1'],
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '1', '-hls_time', SHORTER_THAN_A_FRAME],
    ...['-hls_segment_options', 'movflags=+frag_discont+negative_cts_offsets+frag_keyframe:fflags=+bitexact'],
    ...['-start_number', '0', '-hls_fmp4_init_filename', 'init.mp4'],
    ...['-hls_segment_filename', `${rung.name}/${groupFile('%d')}`, '-hls_flags', 'temp_file'],
  ]
}

/** Seconds: the muxer cuts at the first key frame after a multiple of it, which is each of them. */
const SHORTER_THAN_A_FRAME = '0.001'

/** The file of a key frame and of the frames that follow it, up to the next one. */
export function groupFile(number: number | '%d'): string {
  return `group-${number}.m4s`
}
