import Hls, { ErrorTypes, Events } from 'hls.js'
import { AudioTracks, Qualities } from './track-lists.ts'

/** What a media element has for media-chrome beside what browsers give it. */
type TrackLists = { videoRenditions?: Qualities; audioTracks?: AudioTracks }

interface Listener {
  /** Whether the playlists still grow, and how many seconds they have. */
  length(isGrowing: boolean, seconds: number): void
  /** There are no frames: a picture has to stay. */
  audioOnly(): void
  /** Another rendition is shown. */
  switched(height: number): void
  audioSwitched(label: string): void
  /** What hls.js reports, also what it gets over by itself. */
  failed(problem: { details: string; fatal: boolean }): void
  /** The server does not give the files any more. */
  lost(): void
}

/** One video element that plays a master playlist by hls.js, or by the browser where it has no Media Source Extensions. */
export class Playback {
  readonly video: HTMLVideoElement
  readonly #hls: Hls | undefined
  readonly #master: string

  static isSupported(): boolean {
    return Hls.isSupported() || document.createElement('video').canPlayType('application/vnd.apple.mpegurl') !== ''
  }

  constructor(master: string, { startAt, listener }: { startAt: number; listener: Listener }) {
    this.#master = master
    this.video = document.createElement('video')
    this.video.slot = 'media'
    this.video.playsInline = true
    // Captions and previews of another origin are read only with CORS.
    this.video.crossOrigin = 'anonymous'
    if (Hls.isSupported()) this.#hls = this.#attach(startAt, listener)
    else this.video.src = master
  }

  /** Continues after the server did not answer for a while. */
  resume(): void {
    if (!this.#hls) this.video.load()
    else if (this.#hls.levels.length === 0) this.#hls.loadSource(this.#master)
    else this.#hls.startLoad()
  }

  destroy(): void {
    this.#hls?.destroy()
    this.video.removeAttribute('src')
    this.video.remove()
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
      if (!video) listener.audioOnly()
    })
    hls.on(Events.LEVEL_SWITCHED, (_event, { level }) => listener.switched(hls.levels[level]?.height ?? 0))
    hls.on(Events.AUDIO_TRACK_SWITCHED, (_event, { name }) => listener.audioSwitched(name))
    hls.on(Events.LEVEL_UPDATED, (_event, { details }) => listener.length(details.live, details.totalduration))
    hls.on(Events.ERROR, (_event, { fatal, type, details }) => {
      listener.failed({ details, fatal })
      if (!fatal) return
      if (type === ErrorTypes.MEDIA_ERROR) hls.recoverMediaError()
      else listener.lost()
    })
    hls.loadSource(this.#master)
    hls.attachMedia(this.video)
    return hls
  }
}
