import type { WebFile } from '@kinora/common/contracts'
import type { VideoRow } from '../db/schema.ts'

type Watched = Pick<
  VideoRow,
  'status' | 'ready_at' | 'clip' | 'watermark' | 'instant_playback' | 'web_file' | 'playable'
>

/** Whether an answer names the source: until the video is playable. */
export function isSourceOffered(video: Watched, own: boolean): boolean {
  return !video.playable && ['uploaded', 'processing'].includes(video.status) && watchedFile(video, own) !== null
}

/** Players that have begun with the source go on with it until they have enough of the video. */
const GRACE_MS = 15 * 60 * 1000

/** The source of a video that may be watched now, as its owner or others get it; null where it may not. */
export function watchedSource(video: Watched, own: boolean, now: Date): WebFile | null {
  const { status, ready_at: readyAt } = video
  const isOver = status === 'ready' && readyAt !== null && now.getTime() - readyAt.getTime() > GRACE_MS
  if (isOver || status === 'awaiting_upload' || status === 'failed') return null
  return watchedFile(video, own)
}

/** Of a clip the source has more than is shown, and with a watermark only its owner may see it without. */
function watchedFile({ clip, watermark, instant_playback, web_file: file }: Watched, own: boolean): WebFile | null {
  if (!file || clip) return null
  if (own) return { ...file, blanks: [] }
  return instant_playback && !watermark && file.blanks ? file : null
}
