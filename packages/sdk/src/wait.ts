import { KinoraError, VideoFailedError } from './errors.ts'
import { follow } from './follow.ts'
import { pause } from './pause.ts'
import type { Video, VideoEvent } from './types.ts'

export type AwaitedState = 'playable' | 'ready'

export interface WaitOptions {
  /** Milliseconds after which `WAIT_TIMED_OUT` is thrown: half an hour unless given. */
  timeoutMs?: number
  signal?: AbortSignal
  /** Called with each state of the video on its way. */
  onState?: (state: Pick<Video, 'status' | 'playable' | 'progress' | 'error'>) => void
}

interface Watched {
  open(signal: AbortSignal): Promise<Response>
  get(signal: AbortSignal): Promise<Video>
}

const HALF_AN_HOUR = 30 * 60_000
/** Streams that may fail one after the other before only polling is left. */
const STREAM_FAILURES = 3
const POLL_MS = 2000

/** Follows a video by its events; where no stream comes through, it is asked for again and again. */
export async function waitFor(video: Watched, wanted: AwaitedState, options: WaitOptions): Promise<Video> {
  const { timeoutMs = HALF_AN_HOUR, signal, onState } = options
  const timeout = AbortSignal.timeout(timeoutMs)
  const both = signal ? AbortSignal.any([signal, timeout]) : timeout
  let last: VideoEvent | Video | undefined
  const isOver = (state: VideoEvent | Video) => {
    last = state
    onState?.(state)
    return state.status === 'failed' || state.status === 'ready' || (wanted === 'playable' && state.playable)
  }
  try {
    await followToTheEnd(video, isOver, both)
    // The whole video; its state is at least the one that was waited for, unless it was deleted or tried again.
    return await untilSettled(video, wanted, both)
  } catch (error) {
    signal?.throwIfAborted()
    if (!timeout.aborted) throw error
    const state = last ? `${last.status}, ${Math.floor(last.progress.percent)} %` : 'unknown'
    const message = `The video was not ${wanted} within ${timeoutMs / 1000} s; its state: ${state}`
    throw new KinoraError(message, { code: 'WAIT_TIMED_OUT', cause: error })
  }
}

async function followToTheEnd(
  { open, get }: Watched,
  isOver: (state: VideoEvent | Video) => boolean,
  signal: AbortSignal,
): Promise<void> {
  for (let failures = 0; ; ) {
    if (failures < STREAM_FAILURES) {
      failures += 1
      try {
        for await (const state of follow(open, signal)) {
          failures = 0
          if (isOver(state)) return
        }
      } catch (error) {
        throwUnlessPassing(error, signal)
      }
    }
    try {
      if (isOver(await get(signal))) return
    } catch (error) {
      throwUnlessPassing(error, signal)
    }
    await pause(POLL_MS, signal)
  }
}

async function untilSettled({ get }: Watched, wanted: AwaitedState, signal: AbortSignal): Promise<Video> {
  for (;;) {
    try {
      const video = await get(signal)
      if (video.status === 'ready' || (wanted === 'playable' && video.playable)) return video
      if (video.status === 'failed') throw new VideoFailedError(video)
    } catch (error) {
      throwUnlessPassing(error, signal)
    }
    await pause(POLL_MS, signal)
  }
}

/** An outage of the server passes; a video that is gone, or a credential that is refused, does not come back. */
function throwUnlessPassing(error: unknown, signal: AbortSignal): void {
  signal.throwIfAborted()
  if (!(error instanceof KinoraError) || !error.retryable) throw error
}
