import { causeOf, type TaskCause, type Usage } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'

/**
 * How many bytes to reserve for a new upload.
 * @param bytes its length; null where it is not known, which reserves the whole rest
 */
export function quotaFor(bytes: number | null, usage: Usage): number {
  const { limits } = usage
  assertUploadSize(bytes ?? 0, usage)
  if (limits.minutes !== null && usage.minutes >= limits.minutes) {
    throw quotaExceeded(`The project uses ${usage.minutes.toFixed(1)} of ${limits.minutes} minutes of video`)
  }
  const left = limits.storedBytes === null ? Number.MAX_SAFE_INTEGER : limits.storedBytes - storedBytesOf(usage)
  const needed = bytes ?? 1
  if (needed > left) {
    throw quotaExceeded(
      `The project uses ${storedBytesOf(usage)} of ${limits.storedBytes} bytes; the file needs ${bytes ?? 'some'} more`,
    )
  }
  return bytes ?? Math.min(left, limits.uploadBytes ?? Number.MAX_SAFE_INTEGER)
}

/** For an upload that has reserved its quota: the limits may have been lowered since. */
export function assertWithinQuota(bytes: number, usage: Usage): void {
  assertUploadSize(bytes, usage)
  const { storedBytes } = usage.limits
  if (storedBytes !== null && usage.bytes > storedBytes) {
    throw quotaExceeded(`The project uses ${usage.bytes} of ${storedBytes} bytes, including this upload`)
  }
}

/** For an addition that `usage` already includes. */
export function assertWithinStoredBytes(usage: Usage): void {
  const { storedBytes } = usage.limits
  if (storedBytes === null || storedBytesOf(usage) <= storedBytes) return
  throw quotaExceeded(`The project would use ${storedBytesOf(usage)} of ${storedBytes} bytes`)
}

function storedBytesOf({ bytes, retiredBytes }: Usage): number {
  return bytes + retiredBytes
}

function assertUploadSize(bytes: number, { limits: { uploadBytes } }: Usage): void {
  if (uploadBytes === null || bytes <= uploadBytes) return
  const detail = `The file has ${bytes} bytes; at most ${uploadBytes} are allowed`
  throw new AppError('UPLOAD_TOO_LARGE', { detail, members: { 'max-size': uploadBytes } })
}

/** The reason why a video of this length must fail; null when it is within the limits. */
export function lengthFault(seconds: number, { minutes, limits }: Usage): TaskCause | null {
  if (limits.videoSeconds !== null && seconds > limits.videoSeconds) {
    const detail = `The video is ${Math.ceil(seconds)} s long; at most ${limits.videoSeconds} s are allowed`
    return causeOf('VIDEO_TOO_LONG', detail)
  }
  if (limits.minutes !== null && minutes + seconds / 60 > limits.minutes) {
    const own = (seconds / 60).toFixed(1)
    const detail = `The project uses ${minutes.toFixed(1)} of ${limits.minutes} minutes of video; this video needs ${own} more`
    return causeOf('QUOTA_EXCEEDED', detail)
  }
  return null
}

function quotaExceeded(detail: string): AppError {
  return new AppError('QUOTA_EXCEEDED', { detail })
}
