import Hls from './hls.js'
import { Qualities } from './qualities.js'

const NOT_READY = 409
const LOOK_AGAIN_MS = 3000
/** When it is the server that cannot answer, or will not for a while. */
const COME_BACK_MS = 10_000

const [, , videoId = ''] = location.pathname.split('/')
// A fragment stays in the browser: no server and no log on the way sees the token of the page's address.
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
    if (status === 403) return say('This link is not valid any more. Ask for a new one.')
    if (status === 404) return say('This video does not exist, or it is private and this link does not open it.')
    if (status === NOT_READY) {
      // Of a private video, how far it is is its owner's business.
      if (token === null) progress ??= followProgress()
      sayProgress()
    } else say('The server cannot answer at the moment. Trying again…')
    waited = true
    await new Promise((resolve) => setTimeout(resolve, status === NOT_READY ? LOOK_AGAIN_MS : COME_BACK_MS))
  }
  say('This video could not be made playable.')
}

/** 0 when there is no answer. */
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
  else return say('This browser cannot play this video.')
  video.append(previews())
  controller.append(video)
  progress?.stop()
  notice.hidden = true
  controller.hidden = false
  // The keys work at once, without a click.
  controller.focus({ preventScroll: true })
  // Who has waited wants to see it; where the browser wants a gesture first, the button stays.
  if (waited) video.play().catch(() => {})
}

function attach(video) {
  const hls = new Hls({
    workerPath: new URL('./hls.worker.js', import.meta.url).href,
    // A list that still grows is no live event: it is watched from the beginning.
    startPosition: 0,
    capLevelToPlayerSize: true,
  })
  // Before media-chrome gets the element: it looks for them once.
  video.videoRenditions = new Qualities(hls)
  hls.on(Hls.Events.ERROR, (_event, { fatal, type, response }) => {
    if (!fatal) return
    if (type === Hls.ErrorTypes.MEDIA_ERROR) return hls.recoverMediaError()
    hls.destroy()
    controller.hidden = true
    const gone = response?.code === 403 || response?.code === 404
    say(
      gone
        ? 'This link is not valid any more. Ask for a new one.'
        : 'The connection was lost. Reload the page to go on.',
    )
  })
  hls.loadSource(`${base}/master.m3u8`)
  hls.attachMedia(video)
}

/** media-chrome shows the pictures of a track with this label over the time line. */
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
    if (!notice.hidden && !playable && !followed.failed) sayProgress()
  }
  events.addEventListener('status', take)
  events.addEventListener('progress', take)
  return followed
}

async function showTitle() {
  const answer = await fetch(`/v1/videos/${encodeURIComponent(videoId)}`)
  if (!answer.ok) return
  const { title, description } = await answer.json()
  document.title = `${title} · Kinora`
  controller.setAttribute('aria-label', `Video player: ${title}`)
  document.querySelector('h1').textContent = title
  document.querySelector('#description').textContent = description
  document.querySelector('header').hidden = false
}

function sayProgress() {
  say('This video is being prepared. It starts by itself as soon as it can be played.', progress?.percent ?? 0)
}

function say(text, percent) {
  const line = notice.querySelector('p')
  // Said anew only when it changes: screen readers read it aloud.
  if (line.textContent !== text) line.textContent = text
  const bar = notice.querySelector('progress')
  bar.hidden = percent === undefined
  if (percent > 0) bar.value = percent
  notice.hidden = false
}
