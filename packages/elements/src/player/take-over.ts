import type { Playback } from './playback.ts'

const POLL_MS = 1000
/** Seconds of the video that must exist beyond the moment of the change, unless it is complete. */
const AHEAD_SECONDS = 10
/** Seconds that must be loaded. */
const LOADED_SECONDS = 2
/** Seconds ahead of the visitor at which the change happens: time to seek and decode. */
const LEAD_SECONDS = 1

interface Change {
  isOver(): boolean
  isPlayable(): Promise<boolean>
  /** Playback of the renditions from that second on, beside what is shown. */
  prepare(startAt: number): Playback
  /** Shows it in the place of the first one. */
  place(playback: Playback): void
}

/**
 * Changes from the element `first` (the uploaded file, or files whose addresses have expired) to one that plays the renditions of
 * now, without a jump: that one loads beside it, waits at a frame a moment ahead, and takes its place when `first` has come there.
 */
export async function takeOver(first: HTMLVideoElement, change: Change): Promise<void> {
  while (!change.isOver() && !(await change.isPlayable())) await pause(POLL_MS)
  while (!change.isOver()) {
    if (await tryOnce(first, change)) return
    await pause(POLL_MS)
  }
}

/** False where it must be tried again. */
async function tryOnce(first: HTMLVideoElement, { isOver, prepare, place }: Change): Promise<boolean> {
  const playback = prepare(first.currentTime)
  const { video } = playback
  video.className = 'next'
  video.muted = true
  while (!playback.isLost && !isOver()) {
    const at = goalOf(first)
    const isEnough = playback.isComplete || (Number.isFinite(video.duration) && video.duration >= at + AHEAD_SECONDS)
    if (isEnough && (await reach(video, at)) && (await changeAt(first, video, at))) {
      place(playback)
      return true
    }
    await pause(POLL_MS / 4)
  }
  playback.destroy()
  return false
}

/** Where the change happens: at the frame that is shown, or ahead of it while it plays. */
function goalOf(first: HTMLVideoElement): number {
  if (first.paused || first.ended || first.readyState < HTMLMediaElement.HAVE_FUTURE_DATA) return first.currentTime
  return first.currentTime + LEAD_SECONDS * first.playbackRate
}

/** Seeks there; whether it has loaded enough to go on from there. */
async function reach(video: HTMLVideoElement, at: number): Promise<boolean> {
  const end = Number.isFinite(video.duration) ? video.duration : at + LOADED_SECONDS
  const time = Math.min(at, Math.max(0, end - 0.05))
  if (Math.abs(video.currentTime - time) > 0.01) {
    video.currentTime = time
    await happens(video, 'seeked', 3000)
  }
  const { buffered } = video
  for (let index = 0; index < buffered.length; index += 1) {
    if (buffered.start(index) <= time && buffered.end(index) >= Math.min(end - 0.1, time + LOADED_SECONDS)) {
      return video.readyState >= HTMLMediaElement.HAVE_CURRENT_DATA
    }
  }
  return false
}

/** Waits until `first` is there, and starts the other one. False where the visitor went elsewhere meanwhile. */
async function changeAt(first: HTMLVideoElement, video: HTMLVideoElement, at: number): Promise<boolean> {
  const deadline = performance.now() + (LEAD_SECONDS + 2) * 1000
  while (!first.paused && !first.ended && first.currentTime < at - 0.005) {
    if (performance.now() > deadline) return false
    await new Promise((resolve) => requestAnimationFrame(resolve))
  }
  if (Math.abs(first.currentTime - at) > 0.25) return false
  video.volume = first.volume
  video.playbackRate = first.playbackRate
  const { muted } = first
  if (!first.paused && !first.ended) {
    const started = await video.play().then(
      () => true,
      () => false,
    )
    if (!started) return false
    first.muted = true
  }
  video.muted = muted
  video.className = ''
  return true
}

function happens(video: HTMLVideoElement, event: string, withinMs: number): Promise<void> {
  return new Promise((resolve) => {
    setTimeout(resolve, withinMs)
    video.addEventListener(event, () => resolve(), { once: true })
  })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
