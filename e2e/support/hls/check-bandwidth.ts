import type { Presentation } from './download.ts'
import type { MeasuredRendition } from './measure.ts'

/** The playlist has whole bits; the measured times are rounded to microseconds. */
const ROUNDING = 0.999

/**
 * BANDWIDTH must be no less than the measured peak of the variant with its sound (RFC 8216 section 4.3.4.2), else players
 * stall; and not so far above it that they choose too small a picture.
 */
export function checkBandwidth(
  { video: renditions }: Presentation,
  video: MeasuredRendition[],
  audio: MeasuredRendition | null,
): string[] {
  return renditions.flatMap(({ name, attributes, playlist }, index) => {
    const measured = video[index]
    if (!measured) return [`${name} was not measured`]
    const [said, saidAverage] = [Number(attributes.BANDWIDTH), Number(attributes['AVERAGE-BANDWIDTH'])]
    const peak = peakOf(measured, audio, playlist.targetDuration)
    const average = averageOf(measured) + (audio ? averageOf(audio) : 0)
    return [
      ...(said >= peak * ROUNDING ? [] : [`${name}: BANDWIDTH ${said} is below the measured peak ${peak}`]),
      ...(said <= peak * 1.5 + 1000 ? [] : [`${name}: BANDWIDTH ${said} is far above the measured peak ${peak}`]),
      ...(Math.abs(saidAverage / average - 1) < 0.02
        ? []
        : [`${name}: AVERAGE-BANDWIDTH ${saidAverage}, not ${average}`]),
    ]
  })
}

/**
 * The largest bit rate of any contiguous set of segments whose total duration is between 0.5 and 1.5 target durations;
 * of the whole where the video is shorter than that.
 */
function peakOf(video: MeasuredRendition, audio: MeasuredRendition | null, target: number): number {
  let peak = averageOf(video) + (audio ? averageOf(audio) : 0)
  for (const [from, { start }] of video.segments.entries()) {
    for (const [to, { end }] of video.segments.entries()) {
      const seconds = end - start
      if (to < from || seconds < 0.5 * target || seconds > 1.5 * target) continue
      const bytes = bytesOf(video, from, to) + (audio ? bytesOf(audio, from, to) : 0)
      peak = Math.max(peak, (bytes * 8) / seconds)
    }
  }
  return peak
}

/** Sound is cut where the picture is, to within one of its frames. */
function bytesOf({ segments }: MeasuredRendition, from: number, to: number): number {
  return segments.slice(from, to + 1).reduce((total, { bytes }) => total + bytes, 0)
}

function averageOf({ segments }: MeasuredRendition): number {
  const seconds = (segments.at(-1)?.end ?? 0) - (segments[0]?.start ?? 0)
  return (segments.reduce((total, { bytes }) => total + bytes, 0) * 8) / seconds
}
