/** With a VBV buffer of two seconds, four seconds may exceed their cap by a half: the first two segments, which are short. */
const SEGMENT_OVER_CAP = 3 / 2

/** The highest bit rate, in bit/s, that a segment of a rendition with this cap, in kbit/s, may have. */
export function highestBitrate(maxrate: number): number {
  return Math.ceil(maxrate * 1000 * SEGMENT_OVER_CAP)
}

export interface Measured {
  bytes: number
  seconds: number
}

/** In bit/s, over all segments. */
export function averageBitrate(segments: readonly Measured[]): number {
  const bytes = segments.reduce((sum, segment) => sum + segment.bytes, 0)
  const seconds = segments.reduce((sum, segment) => sum + segment.seconds, 0)
  return seconds > 0 ? Math.ceil((bytes * 8) / seconds) : 0
}

/**
 * The peak segment bit rate of RFC 8216 section 4.1: the largest rate of any contiguous set of segments that lasts 0.5
 * to 1.5 target durations. A short last segment of one key frame therefore does not count as a peak.
 */
export function peakBitrate(segments: readonly Measured[], targetSeconds: number): number {
  let peak = 0
  for (let from = 0; from < segments.length; from++) {
    for (let to = from + 1; to <= segments.length; to++) {
      const set = segments.slice(from, to)
      const seconds = set.reduce((sum, segment) => sum + segment.seconds, 0)
      if (seconds > targetSeconds * 1.5) break
      if (seconds >= targetSeconds * 0.5) peak = Math.max(peak, averageBitrate(set))
    }
  }
  return peak || averageBitrate(segments)
}
