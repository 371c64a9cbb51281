import type { SourceFacts } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'

/** In frames: a time read from the video's own duration may be that much beyond it. */
const TOLERANCE = 0.5

/** Throws `VALIDATION_FAILED` for this field where the time, in seconds, lies behind the end of the video. */
export function assertWithin(
  { frameRate, frameCount }: Pick<SourceFacts['video'], 'frameRate' | 'frameCount'>,
  path: string,
  seconds: number,
): void {
  if ((seconds * frameRate.num) / frameRate.den <= frameCount + TOLERANCE) return
  throw new AppError('VALIDATION_FAILED', { fields: [{ path, message: 'The video is shorter than that' }] })
}
