import type { SourceEvent, VideoEventType } from '@kinora/common/contracts'
import type { VideoRow } from '../db/schema.ts'

type State = Pick<VideoRow, 'status' | 'playable'> & Partial<Pick<VideoRow, 'source_events'>>

/** The webhook events of a change, in the order in which it happened. A retry of the video may repeat earlier events. */
export function videoEvents(before: State, after: State): VideoEventType[] {
  const becomes = (status: State['status']) => before.status !== status && after.status === status
  const events: VideoEventType[] = []
  if (before.status === 'awaiting_upload' && after.status !== 'awaiting_upload') events.push('video.uploaded')
  if (becomes('processing')) events.push('video.processing')
  if (!before.playable && after.playable) events.push('video.playable')
  if (becomes('ready')) events.push('video.ready')
  if (becomes('failed')) events.push('video.failed')
  const told = after.source_events?.at(-1)
  const type = told && told.at !== before.source_events?.at(-1)?.at ? SOURCE_EVENTS[told.event] : null
  if (type) events.push(type)
  return events
}

/** Null for what is in the timeline alone. */
const SOURCE_EVENTS: Record<SourceEvent['event'], VideoEventType | null> = {
  removed: 'video.source_removed',
  restored: null,
  replacing: null,
  replaced: 'video.source_replaced',
  replacement_failed: 'video.replacement_failed',
}

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const DAY_MS = 24 * HOUR_MS

/** The delay after each failed attempt, as the Standard Webhooks specification advises: about 17.6 hours in total. */
const DELAYS_MS = [5000, 5 * MINUTE_MS, 30 * MINUTE_MS, 2 * HOUR_MS, 5 * HOUR_MS, 10 * HOUR_MS] as const

/** Each delay is extended by up to this share, so that deliveries that failed together are not repeated together. */
const JITTER = 0.2

/** Milliseconds until the next attempt after `tries` failed ones; null after the last. `random` is in [0, 1). */
export function retryDelayMs(tries: number, random: number): number | null {
  const delay = DELAYS_MS[tries - 1]
  return delay === undefined ? null : Math.round(delay * (1 + JITTER * random))
}

/**
 * The pause in ms that a `Retry-After` header (RFC 9110 section 10.2.3: seconds, or a date) asks for; at most a day, 0 if
 * invalid.
 */
export function askedPauseMs(header: string | string[] | undefined, now: number): number {
  const value = typeof header === 'string' ? header.trim() : ''
  const pause = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - now
  return Number.isNaN(pause) ? 0 : Math.min(Math.max(0, pause), DAY_MS)
}

/** Attempts of one process at the same time: an attempt that waits for its receiver costs a socket, and no processor time. */
const MAX_ATTEMPTS = 400
/** Shares of them: for all retries, pings and failing webhooks together, and of what is free for one project. */
const LATER_SHARE = 1 / 2
const PROJECT_SHARE = 1 / 8
/** When fewer places are free, slow first attempts end until `FREED` are. */
const FREE = MAX_ATTEMPTS / 8
const FREED = MAX_ATTEMPTS / 4
/** The time that a first attempt has in any case. */
export const MIN_FIRST_ATTEMPT_MS = 1000

export interface AttemptPlaces {
  limit: number
  limitLater: number
  perProject: number
}

/**
 * Places for further attempts. The fewer are free, the fewer one project may have, so that projects of receivers that hang never
 * fill all of them. The last `FREE` places are for projects without a running attempt, one for each.
 */
export function attemptPlaces(running: number, runningLater: number): AttemptPlaces {
  const limit = Math.max(0, MAX_ATTEMPTS - running)
  return {
    limit,
    limitLater: Math.max(0, Math.min(limit, MAX_ATTEMPTS * LATER_SHARE - runningLater)),
    perProject: Math.max(1, Math.floor((limit - FREE) * PROJECT_SHARE)),
  }
}

export interface TimedAttempt {
  later: boolean
  /** In ms, of the clock of `now`. */
  startedAt: number
  isEnding: boolean
}

/**
 * First attempts that end because others need their places: when fewer than `FREE` are free, the longest running ones of those
 * that have had a second. Without it, 400 projects with receivers that hang would hold all places for 15 s.
 */
export function attemptsToCut<A extends TimedAttempt>(running: readonly A[], now: number): A[] {
  const open = running.filter(({ isEnding }) => !isEnding)
  if (MAX_ATTEMPTS - open.length >= FREE) return []
  const wanted = FREED - (MAX_ATTEMPTS - open.length)
  return open
    .filter(({ later, startedAt }) => !later && now - startedAt >= MIN_FIRST_ATTEMPT_MS)
    .sort((one, other) => one.startedAt - other.startedAt)
    .slice(0, wanted)
}
