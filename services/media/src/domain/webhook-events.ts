import type { VideoEventType } from '@kinora/common/contracts'
import type { VideoRow } from '../db/schema.ts'

type State = Pick<VideoRow, 'status' | 'playable'>

/** What webhooks tell of a change, in the order in which it happened. A retry may say again what was said before. */
export function videoEvents(before: State, after: State): VideoEventType[] {
  const becomes = (status: State['status']) => before.status !== status && after.status === status
  const events: VideoEventType[] = []
  if (before.status === 'awaiting_upload' && after.status !== 'awaiting_upload') events.push('video.uploaded')
  if (becomes('processing')) events.push('video.processing')
  if (!before.playable && after.playable) events.push('video.playable')
  if (becomes('ready')) events.push('video.ready')
  if (becomes('failed')) events.push('video.failed')
  return events
}
