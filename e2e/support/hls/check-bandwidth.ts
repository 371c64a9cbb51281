import type { Presentation } from './download.ts'
import type { MeasuredRendition } from './measure.ts'

/** The playlist has whole bits; the measured times are rounded to microseconds. */
const ROUNDING = 0.999

/**
 * BANDWIDTH must be no less than the peaks of the variant and of its sound together (RFC 8216 section 4.3.4.2), else players
 * stall; and not so far above them that they choose too small a picture.
 */
export function checkBandwidth(
  { video: renditions, audio: sound }: Presentation,
  video: MeasuredRendition[],
  audio: MeasuredRendition | null,
): string[] {
  return renditions.flatMap(({ name, attributes, playlist }, index) => {
    const measured = video[index]
    if (!measured) return [`${name} was not measured`]
    const [said, saidAverage] = [Number(attributes.BANDWIDTH), Number(attributes['AVERAGE-BANDWIDTH'])]
    const peak =
      peakOf(measured, playlist.targetDuration) + (audio && sound ? peakOf(audio, sound.playlist.targetDuration) : 0)
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
 * of the whole where the rendition is shorter than that.
 */
function peakOf({ segments }: Pick<MeasuredRendition, 'segments'>, target: number): number {
  let peak = 0
  for (const [from, { start }] of segments.entries()) {
    for (const [to, { end }] of segments.entries()) {
      const seconds = end - start
      if (to < from || seconds < 0.5 * target || seconds > 1.5 * target) continue
      peak = Math.max(peak, (bytesOf(segments.slice(from, to + 1)) * 8) / seconds)
    }
  }
  return peak || averageOf({ segments })
}

function bytesOf(segments: MeasuredRendition['segments']): number {
  return segments.reduce((total, { bytes }) => total + bytes, 0)
}

function averageOf({ segments }: Pick<MeasuredRendition, 'segments'>): number {
  const seconds = (segments.at(-1)?.end ?? 0) - (segments[0]?.start ?? 0)
  return (segments.reduce((total, { bytes }) => total + bytes, 0) * 8) / seconds
}
