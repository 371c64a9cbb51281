import Hls from './hls.js'
import { Qualities } from './qualities.js'
import { takeOver } from './take-over.js'

const NOT_READY = 409
const NOT_READY_RETRY_MS = 1000
/** After a failed request or a rate limit. */
const ERROR_RETRY_MS = 10_000

const [, , videoId = ''] = location.pathname.split('/')
// Browsers do not send the fragment, so the token in the page's URL is in no log.
const token = new URLSearchParams(location.hash.slice(1)).get('token')
const base = `/play/${encodeURIComponent(token ?? videoId)}`
const masterUrl = `${base}/master.m3u8`
const sourceUrl = `${base}/source`

const notice = document.querySelector('#notice')
const controller = document.querySelector('media-controller')

let progress
addEventListener('hashchange', () => location.reload())
if (token === null) showTitle().catch(() => {})
await playWhenReady()

async function playWhenReady(waited = false) {
  while (!progress?.failed) {
    const status = await statusOf(masterUrl)
    if (status === 200) return play(waited)
    if (status === 403) return show('This link is no longer valid. Ask for a new one.')
    if (status === 404) return show('This video does not exist, or it is private and this link does not open it.')
    if (status === NOT_READY) {
      // The API returns the progress of a private video only to its owner.
      if (token === null) progress ??= followProgress()
      if ((await statusOf(sourceUrl, 'HEAD')) === 200) return playSource(waited)
      showProgress()
    } else show('The server is unavailable at the moment. Trying again…')
    waited = true
    await new Promise((resolve) => setTimeout(resolve, status === NOT_READY ? NOT_READY_RETRY_MS : ERROR_RETRY_MS))
  }
  show('This video could not be processed.')
}

/** The status of the response; 0 without a response. */
async function statusOf(url, method = 'GET') {
  try {
    return (await fetch(url, { method, cache: 'no-store' })).status
  } catch {
    return 0
  }
}

function play(waited) {
  const video = newVideo()
  controller.querySelector('media-poster-image').setAttribute('src', `${base}/poster.jpg`)
  if (Hls.isSupported()) attach(video, 0, () => false)
  else if (video.canPlayType('application/vnd.apple.mpegurl')) video.src = masterUrl
  else return show('This browser cannot play this video.')
  video.append(previews())
  present(video, waited)
}

/** Plays the uploaded file as it is, until there is enough of the video in its own renditions. */
function playSource(waited) {
  const first = newVideo()
  first.preload = 'auto'
  first.src = sourceUrl
  let over = false
  const end = () => {
    over = true
    first.removeAttribute('src')
    first.load()
  }
  first.addEventListener('error', () => {
    if (over) return
    over = true
    first.remove()
    controller.hidden = true
    // Such as a video that failed meanwhile.
    setTimeout(playWhenReady, NOT_READY_RETRY_MS, waited)
  })
  present(first, waited)
  if (!Hls.isSupported()) return
  const changing = takeOver(first, {
    isOver: () => over,
    isPlayable: async () => (await statusOf(masterUrl)) === 200,
    prepare: (start, onFatal) => {
      const video = newVideo()
      const hls = attach(video, start, onFatal)
      video.append(previews())
      return { video, hls }
    },
    place: (video) => {
      first.replaceWith(video)
      end()
    },
  })
  // The visitor stays with the source.
  changing.catch(() => {})
}

function newVideo() {
  const video = document.createElement('video')
  video.slot = 'media'
  video.playsInline = true
  return video
}

function present(video, waited) {
  controller.append(video)
  progress?.stop()
  notice.hidden = true
  controller.hidden = false
  // So that keys work without a click.
  controller.focus({ preventScroll: true })
  // A visitor who has waited wants to watch. If the browser requires a gesture first, the play button remains.
  if (waited) video.play().catch(() => {})
}

/** Plays the renditions in this element, from `start` seconds on. `onFatal` returns whether the visitor sees nothing of the end. */
function attach(video, start, onFatal) {
  const hls = new Hls({
    workerPath: new URL('./hls.worker.js', import.meta.url).href,
    // A playlist that still grows is not a live stream: play it from the beginning.
    startPosition: start,
    capLevelToPlayerSize: true,
  })
  // Before media-chrome gets the element, because it reads them once.
  video.videoRenditions = new Qualities(hls)
  hls.on(Hls.Events.MANIFEST_PARSED, (_event, { video: hasFrames }) => {
    if (!hasFrames) showPicture(video)
  })
  hls.on(Hls.Events.ERROR, (_event, { fatal, type, response }) => {
    if (!fatal) return
    if (type === Hls.ErrorTypes.MEDIA_ERROR) return hls.recoverMediaError()
    hls.destroy()
    if (onFatal()) return
    controller.hidden = true
    const isRevoked = response?.code === 403 || response?.code === 404
    show(
      isRevoked
        ? 'This link is no longer valid. Ask for a new one.'
        : 'The connection was lost. Reload the page to continue.',
    )
  })
  hls.loadSource(masterUrl)
  hls.attachMedia(video)
  return hls
}

/** Audio without frames: its cover or waveform stays while it plays. It is made only after the first seconds. */
function showPicture(video, tries = 20) {
  const poster = new Image()
  poster.onload = () => {
    video.poster = poster.src
  }
  poster.onerror = () => {
    if (tries > 1) setTimeout(() => showPicture(video, tries - 1), NOT_READY_RETRY_MS)
  }
  poster.src = `${base}/poster.jpg`
}

/** A track with this label; media-chrome shows its images over the time line. */
function previews() {
  const track = document.createElement('track')
  track.kind = 'metadata'
  track.label = 'thumbnails'
  track.default = true
  track.src = `${base}/storyboard.vtt`
  return track
}

function followProgress() {
  const followed = { percent: undefined, failed: false, stop: () => events.close() }
  const events = new EventSource(`/v1/videos/${encodeURIComponent(videoId)}/events`)
  const take = ({ data }) => {
    const { status, playable, progress: done } = JSON.parse(data)
    followed.percent = done.percent
    followed.failed = status === 'failed' && !playable
    if (!notice.hidden && !playable && !followed.failed) showProgress()
  }
  events.addEventListener('status', take)
  events.addEventListener('progress', take)
  return followed
}

async function showTitle() {
  const response = await fetch(`/v1/videos/${encodeURIComponent(videoId)}`)
  if (!response.ok) return
  const { title, description } = await response.json()
  document.title = `${title} · Kinora`
  controller.setAttribute('aria-label', `Video player: ${title}`)
  document.querySelector('h1').textContent = title
  document.querySelector('#description').textContent = description
  document.querySelector('header').hidden = false
}

function showProgress() {
  show('This video is being processed. It starts automatically as soon as it is playable.', progress?.percent ?? 0)
}

function show(text, percent) {
  const line = notice.querySelector('p')
  // Only when it changes, because screen readers announce each update.
  if (line.textContent !== text) line.textContent = text
  const bar = notice.querySelector('progress')
  bar.hidden = percent === undefined
  if (percent > 0) bar.value = percent
  notice.hidden = false
}
