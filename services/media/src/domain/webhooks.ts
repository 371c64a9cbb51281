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

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** After each failed try in turn, as the Standard Webhooks specification advises: over the better part of a day. */
const DELAYS_MS = [5000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS] as const

/** By at most this part later, so that what failed together does not come back together. */
const JITTER = 0.2

/** Milliseconds until the next try after `tries` have failed; null when that was the last. `random` is in [0, 1). */
export function retryDelayMs(tries: number, random: number): number | null {
  const delay = DELAYS_MS[tries - 1]
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * random))
}

/** Milliseconds that a `Retry-After` (RFC 9110 section 10.2.3: seconds, or a date) asks for; a day at most, 0 for nonsense. */
export function askedPauseMs(header: string | string[] | undefined, now: number): number {
  const value = typeof header === 'string' ? header.trim() : ''
  const pause = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(pause) ? 0 : Math.min(Math.max(0, pause), DAY_MS)
}
