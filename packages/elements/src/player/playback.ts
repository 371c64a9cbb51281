import Hls, { ErrorDetails, ErrorTypes, Events } from 'hls.js'
import { AudioTracks, Qualities } from './track-lists.ts'
import type { VideoAddress } from './video-address.ts'

/** Events of the media element that the player repeats as its own. */
export const REPEATED_EVENTS =
  'loadedmetadata durationchange play playing pause waiting seeking seeked timeupdate ratechange volumechange ended'.split(
    ' ',
  )

const FORBIDDEN = 403

/** What a media element has for media-chrome beside what browsers give it. */
type TrackLists = { videoRenditions?: Qualities; audioTracks?: AudioTracks }

interface Listener {
  /** `length` or `isAudioOnly` are known, or others. */
  changed(): void
  /** Another rendition is shown. */
  switched(height: number): void
  audioSwitched(label: string): void
  /** What hls.js reports, also what it gets over by itself. */
  failed(problem: { details: string; fatal: boolean }): void
  /** The server does not give the files any more. */
  lost(): void
}

/**
 * One video element that plays a master playlist by hls.js, or by the browser where it has no Media Source Extensions; or the
 * uploaded file (`isSource`), while there is no playlist yet.
 */
export class Playback {
  readonly video = document.createElement('video')
  /** Whether the playlists still grow, and how many seconds they have. */
  length = { isGrowing: false, seconds: 0 }
  /** There are no frames: a picture has to stay. */
  isAudioOnly = false
  isLost = false
  /** Lost because the addresses of its files have expired: the master playlist names others. */
  isExpired = false
  readonly isSource: boolean
  readonly #hls: Hls | undefined
  readonly #address: VideoAddress

  static isSupported(): boolean {
    return Hls.isSupported() || document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== ''
  }

  constructor(address: VideoAddress, options: { startAt: number; isSource: boolean; listener: Listener }) {
    const { startAt, isSource, listener } = options
    const { video } = this
    this.#address = address
    this.isSource = isSource
    video.slot = 'media'
    video.playsInline = true
    video.preload = 'auto'
    // Captions and previews of another origin are read only with CORS.
    video.crossOrigin = 'anonymous'
    if (!isSource) {
      video.append(track('metadata', 'thumbnails', `${address.base}/storyboard.vtt`))
      video.append(track('chapters', 'Chapters', `${address.base}/chapters.vtt`))
    }
    if (!isSource && Hls.isSupported()) this.#hls = this.#attach(startAt, listener)
    else this.#load(listener)
  }

  /** Continues after the server did not answer for a while. */
  resume(): void {
    this.isLost = false
    if (!this.#hls) this.video.load()
    else if (this.#hls.levels.length === 0) this.#hls.loadSource(this.#address.master)
    else this.#hls.startLoad()
  }

  /** Whether the playlist of what is played was closed. */
  get isComplete(): boolean {
    const { levels = [], currentLevel = 0, loadLevel = 0 } = this.#hls ?? {}
    const details = levels[Math.max(currentLevel, loadLevel)]?.details
    return details !== undefined && !details.live
  }

  destroy(): void {
    this.#hls?.destroy()
    this.isLost = true
    this.video.removeAttribute('src')
    if (!this.#hls) this.video.load()
    this.video.remove()
  }

  #load(listener: Listener): void {
    this.video.src = this.isSource ? this.#address.source : this.#address.master
    this.video.addEventListener('error', () => {
      if (this.isLost) return
      this.isLost = true
      listener.lost()
    })
  }

  #attach(startPosition: number, listener: Listener): Hls {
    const hls = new Hls({
      // Segments are fragmented MP4 already: a worker would have nothing to do, and could not come from another origin.
      enableWorker: false,
      // A playlist that still grows is not a live stream: play it from the beginning.
      startPosition,
      capLevelToPlayerSize: true,
    })
    // Before media-chrome gets the element, because it reads them once.
    const lists = this.video as HTMLVideoElement & TrackLists
    Object.defineProperty(lists, 'videoRenditions', { value: new Qualities(hls) })
    Object.defineProperty(lists, 'audioTracks', { value: new AudioTracks(hls) })
    hls.on(Events.MANIFEST_PARSED, (_event, { video }) => {
      this.isAudioOnly = !video
      listener.changed()
    })
    hls.on(Events.LEVEL_UPDATED, (_event, { details }) => {
      this.length = { isGrowing: details.live, seconds: details.totalduration }
      listener.changed()
    })
    hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => listener.switched(hls.levels[level]?.height ?? 0))
    hls.on(Events.AUDIO_TRACK_SWITCHED, (_event, { name }) => listener.audioSwitched(name))
    hls.on(Events.ERROR, (_event, { fatal, type, details, response }) => {
      listener.failed({ details, fatal })
      const isExpired = details === ErrorDetails.FRAG_LOAD_ERROR && response?.code === FORBIDDEN
      if (this.isLost || !(fatal || isExpired)) return
      if (type === ErrorTypes.MEDIA_ERROR) return hls.recoverMediaError()
      this.isLost = true
      this.isExpired = isExpired
      listener.lost()
    })
    hls.loadSource(this.#address.master)
    hls.attachMedia(this.video)
    return hls
  }
}

/** media-chrome shows the images of a track with the label `thumbnails`, and the names of chapters, over the time line. */
function track(kind: string, label: string, src: string): HTMLTrackElement {
  return Object.assign(document.createElement('track'), { kind, label, src, default: true })
}
