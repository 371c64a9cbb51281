import Hls from './hls.js'
import { Qualities } from './qualities.js'

const NOT_READY = 409
const NOT_READY_RETRY_MS = 3000
/** After a failed request or a rate limit. */
const ERROR_RETRY_MS = 10_000

const [, , videoId = ''] = location.pathname.split('/')
// Browsers do not send the fragment, so the token in the page's URL is in no log.
const token = new URLSearchParams(location.hash.slice(1)).get('token')
const base = `/play/${encodeURIComponent(token ?? videoId)}`

const notice = document.querySelector('#notice')
const controller = document.querySelector('media-controller')

let progress
addEventListener('hashchange', () => location.reload())
if (token === null) showTitle().catch(() => {})
await playWhenReady()

async function playWhenReady() {
  let waited = false
  while (!progress?.failed) {
    const status = await statusOf(`${base}/master.m3u8`)
    if (status === 200) return play(waited)
    if (status === 403) return show('This link is no longer valid. Ask for a new one.')
    if (status === 404) return show('This video does not exist, or it is private and this link does not open it.')
    if (status === NOT_READY) {
      // The API returns the progress of a private video only to its owner.
      if (token === null) progress ??= followProgress()
      showProgress()
    } else show('The server is unavailable at the moment. Trying again…')
    waited = true
    await new Promise((resolve) => setTimeout(resolve, status === NOT_READY ? NOT_READY_RETRY_MS : ERROR_RETRY_MS))
  }
  show('This video could not be processed.')
}

/** The status of the response; 0 without a response. */
async function statusOf(url) {
  try {
    return (await fetch(url, { cache: 'no-store' })).status
  } catch {
    return 0
  }
}

function play(waited) {
  const video = document.createElement('video')
  video.slot = 'media'
  video.playsInline = true
  controller.querySelector('media-poster-image').setAttribute('src', `${base}/poster.jpg`)
  if (Hls.isSupported()) attach(video)
  else if (video.canPlayType('application/vnd.apple.mpegurl')) video.src = `${base}/master.m3u8`
  else return show('This browser cannot play this video.')
  video.append(previews())
  controller.append(video)
  progress?.stop()
  notice.hidden = true
  controller.hidden = false
  // So that keys work without a click.
  controller.focus({ preventScroll: true })
  // A visitor who has waited wants to watch. If the browser requires a gesture first, the play button remains.
  if (waited) video.play().catch(() => {})
}

function attach(video) {
  const hls = new Hls({
    workerPath: new URL('./hls.worker.js', import.meta.url).href,
    // A playlist that still grows is not a live stream: play it from the beginning.
    startPosition: 0,
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
    controller.hidden = true
    const isRevoked = response?.code === 403 || response?.code === 404
    show(
      isRevoked
        ? 'This link is no longer valid. Ask for a new one.'
        : 'The connection was lost. Reload the page to continue.',
    )
  })
  hls.loadSource(`${base}/master.m3u8`)
  hls.attachMedia(video)
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
