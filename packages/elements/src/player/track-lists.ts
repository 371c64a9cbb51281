import type Hls from 'hls.js'
import { Events } from 'hls.js'

interface Quality {
  id: string
  width: number
  height: number
  bitrate: number
}

/**
 * The levels of hls.js as a `VideoRenditionList`, which media-chrome's quality menu reads from its media element
 * (https://github.com/muxinc/media-elements, media-tracks). Index −1: hls.js chooses.
 */
export class Qualities extends EventTarget {
  /** media-chrome reads them by their index. */
  [index: number]: Quality
  readonly #hls: Hls
  #chosen = -1
  #items: Quality[] = []

  constructor(hls: Hls) {
    super()
    this.#hls = hls
    hls.on(Events.MANIFEST_PARSED, (_event, { levels }) => {
      // A level without frames is for slow networks, and none to choose.
      const shown = levels.map(({ width, height, bitrate }, index) => ({ id: String(index), width, height, bitrate }))
      this.#items = shown.filter(({ height }) => height > 0)
      for (const [index, quality] of this.#items.entries()) this[index] = quality
      this.dispatchEvent(new Event('addrendition'))
    })
  }

  get length(): number {
    return this.#items.length
  }

  get selectedIndex(): number {
    return this.#chosen
  }

  set selectedIndex(index: number) {
    this.#chosen = index
    const { id } = this.#items[index] ?? {}
    this.#hls.nextLevel = id === undefined ? -1 : Number(id)
    this.dispatchEvent(new Event('change'))
  }

  [Symbol.iterator]() {
    return this.#items[Symbol.iterator]()
  }
}

/** The audio tracks of hls.js as the `AudioTrackList` of HTML, which media-chrome's audio menu reads. */
export class AudioTracks extends EventTarget {
  #items: AudioTrack[] = []

  constructor(hls: Hls) {
    super()
    hls.on(Events.AUDIO_TRACKS_UPDATED, (_event, { audioTracks }) => {
      this.#items = audioTracks.map((track, index) => new AudioTrack(hls, index, track.name, track.lang ?? ''))
      this.dispatchEvent(new Event('addtrack'))
      this.dispatchEvent(new Event('change'))
    })
    hls.on(Events.AUDIO_TRACK_SWITCHING, () => this.dispatchEvent(new Event('change')))
  }

  get length(): number {
    return this.#items.length
  }

  [Symbol.iterator]() {
    return this.#items[Symbol.iterator]()
  }
}

class AudioTrack {
  readonly #hls: Hls
  readonly #index: number
  readonly id: string
  readonly label: string
  readonly language: string
  readonly kind = 'main'

  constructor(hls: Hls, index: number, label: string, language: string) {
    this.#hls = hls
    this.#index = index
    this.id = String(index)
    this.label = label
    this.language = language
  }

  get enabled(): boolean {
    return this.#hls.audioTrack === this.#index
  }

  /** One track plays at a time, so the others need not be disabled. */
  set enabled(enabled: boolean) {
    if (enabled && !this.enabled) this.#hls.audioTrack = this.#index
  }
}
