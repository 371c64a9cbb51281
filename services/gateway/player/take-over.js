const POLL_MS = 1000
/** Seconds of the video that must exist beyond the moment of the change, unless it is complete. */
const AHEAD_SECONDS = 10
/** Seconds that must be loaded. */
const LOADED_SECONDS = 2
/** Seconds ahead of the visitor at which the change happens: time to seek and decode. */
const LEAD_SECONDS = 1

/**
 * Changes from the element `first` to one that plays the renditions, without a jump: that one loads beside it, waits at a frame a
 * moment ahead, and takes its place when `first` has come there.
 */
export async function takeOver(first, { isOver, isPlayable, prepare, place }) {
  while (!(await isPlayable())) {
    if (isOver()) return
    await pause(POLL_MS)
  }
  while (!isOver()) {
    if (await tryOnce(first, isOver, prepare, place)) return
    await pause(POLL_MS)
  }
}

/** False where it must be tried again. */
async function tryOnce(first, isOver, prepare, place) {
  let failed = false
  let placed = false
  const { video, hls } = prepare(first.currentTime, () => {
    failed = true
    return !placed
  })
  video.className = 'next'
  video.muted = true
  video.preload = 'auto'
  document.querySelector('main').append(video)
  while (!failed && !isOver()) {
    const at = goalOf(first)
    if (isComplete(hls) || (Number.isFinite(video.duration) && video.duration >= at + AHEAD_SECONDS)) {
      if (await reach(video, at)) {
        if (await change(first, video, at)) {
          placed = true
          place(video)
          return true
        }
      }
    }
    await pause(POLL_MS / 4)
  }
  hls.destroy()
  video.remove()
  return false
}

/** Where the change happens: at the frame that is shown, or ahead of it while it plays. */
function goalOf(first) {
  if (first.paused || first.ended) return first.currentTime
  return first.currentTime + LEAD_SECONDS * first.playbackRate
}

function isComplete({ levels, currentLevel, loadLevel }) {
  const { details } = levels?.[Math.max(currentLevel, loadLevel)] ?? {}
  return details !== undefined && !details.live
}

/** Seeks there; whether it has loaded enough to go on from there. */
async function reach(video, at) {
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
async function change(first, video, at) {
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

function happens(video, event, withinMs) {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, withinMs)
    video.addEventListener(
      event,
      () => {
        clearTimeout(timer)
        resolve()
      },
      { once: true },
    )
  })
}

function pause(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
