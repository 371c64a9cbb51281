import { causeOf, type SourceFacts, type TaskCause } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { UploadLinkRow } from '../db/schema.ts'

/** An expired link begins nothing; what it began can be finished, and its state be seen, for this much longer. */
const GRACE_MS = 24 * 3600 * 1000

type LinkTimes = Pick<UploadLinkRow, 'expires_at' | 'revoked_at'>

/** Whether nothing can be done by a link any more. */
export function hasEnded({ expires_at, revoked_at }: LinkTimes, now: Date): boolean {
  return revoked_at !== null || now.getTime() >= expires_at.getTime() + GRACE_MS
}

/** Why a link gave no use. */
export function refusalOfUse(link: LinkTimes | undefined, now: Date): AppError {
  if (!link) return new AppError('UPLOAD_LINK_NOT_FOUND')
  if (link.revoked_at) return new AppError('UPLOAD_LINK_REVOKED')
  return new AppError(link.expires_at <= now ? 'UPLOAD_LINK_EXPIRED' : 'UPLOAD_LINK_USED_UP')
}

/** Throws `UPLOAD_TOO_LARGE`, `SOURCE_TYPE_UNSUPPORTED`. */
export function assertLinkTakes(
  { max_bytes, content_types }: Pick<UploadLinkRow, 'max_bytes' | 'content_types'>,
  { bytes, contentType }: { bytes: number | null; contentType: string | null },
): void {
  if (max_bytes !== null && (bytes ?? 0) > Number(max_bytes)) {
    const detail = `The file has ${bytes} bytes; the link takes ${max_bytes}`
    throw new AppError('UPLOAD_TOO_LARGE', { detail, members: { 'max-size': Number(max_bytes) } })
  }
  if (content_types === null) return
  const type = (contentType ?? '').split(';', 1)[0]?.trim().toLowerCase() ?? ''
  if (content_types.some((allowed) => matches(allowed, type))) return
  throw new AppError('SOURCE_TYPE_UNSUPPORTED', { detail: `The link takes ${content_types.join(', ')} only` })
}

function matches(allowed: string, type: string): boolean {
  return allowed.endsWith('/*') ? type.startsWith(allowed.slice(0, -1)) : type === allowed
}

/** Media types of files, by what ffprobe calls their container. It has one name for MP4 and QuickTime, and one for WebM and Matroska. */
const TYPES_OF_CONTAINERS: readonly (readonly [name: string, types: readonly string[]])[] = [
  ['mp4', ['mp4', 'quicktime', 'x-m4v', '3gpp', '3gpp2', 'x-m4a', 'm4a', 'aac']],
  ['webm', ['webm', 'x-matroska', 'matroska']],
  ['mpegts', ['mp2t', 'mpeg', 'x-mpegts', 'vnd.dlna.mpeg-tts']],
  ['mpeg', ['mpeg', 'mp2p', 'mpeg2']],
  ['avi', ['x-msvideo', 'avi', 'msvideo', 'vnd.avi']],
  ['asf', ['x-ms-wmv', 'x-ms-asf', 'x-ms-wma']],
  ['flv', ['x-flv', 'flv']],
  ['ogg', ['ogg', 'opus', 'vorbis']],
  ['mp3', ['mpeg', 'mp3', 'x-mp3']],
  ['wav', ['wav', 'x-wav', 'wave', 'vnd.wave']],
  ['flac', ['flac', 'x-flac']],
  ['aac', ['aac', 'x-aac', 'aacp']],
  ['mxf', ['mxf']],
]

/** The reason why a video that came by a link must fail, because its file is not what the link takes; null if it is. */
export function typeFault(
  contentTypes: readonly string[],
  file: Pick<SourceFacts, 'container' | 'kind'>,
): TaskCause | null {
  if (contentTypes.some((allowed) => mayBe(allowed, file))) return null
  return causeOf('SOURCE_TYPE_NOT_ALLOWED', `The upload link takes ${contentTypes.join(', ')} only`)
}

/** The reason why a video that came by a link must fail, because it is longer than the link takes; null if it is not. */
export function durationFault(maxSeconds: number | null, seconds: number): TaskCause | null {
  if (maxSeconds === null || seconds <= maxSeconds) return null
  const detail = `The video is ${Math.ceil(seconds)} s long; its upload link takes at most ${maxSeconds} s`
  return causeOf('VIDEO_TOO_LONG', detail)
}

function mayBe(
  allowed: string,
  { container, kind = 'video' }: { container: string; kind?: 'audio' | 'video' },
): boolean {
  const [family, name = ''] = allowed.split('/')
  // Such as application/octet-stream, which says nothing of the file.
  if (family === 'application') return true
  // Containers hold both, so the name of the container says nothing of frames.
  if (family !== kind) return false
  const names = container.split(',')
  const types = TYPES_OF_CONTAINERS.find(([known]) => names.includes(known))?.[1] ?? []
  return name === '*' || types.includes(name)
}
