import Hls from './hls.js'

/**
 * The levels of hls.js as a `VideoRenditionList`, which media-chrome's quality menu reads from its media element
 * (https://github.com/muxinc/media-elements, media-tracks). Index −1: hls.js chooses.
 */
export class Qualities extends EventTarget {
  #hls
  #chosen = -1
  length = 0

  constructor(hls) {
    super()
    this.#hls = hls
    hls.on(Hls.Events.MANIFEST_PARSED, (_event, { levels }) => {
      levels.forEach(({ width, height, bitrate }, index) => {
        this[index] = { id: String(index), width, height, bitrate }
      })
      this.length = levels.length
      this.dispatchEvent(new Event('addrendition'))
    })
  }

  get selectedIndex() {
    return this.#chosen
  }

  set selectedIndex(index) {
    this.#chosen = index
    this.#hls.nextLevel = index
    this.dispatchEvent(new Event('change'))
  }

  *[Symbol.iterator]() {
    for (let index = 0; index < this.length; index += 1) yield this[index]
  }
}
