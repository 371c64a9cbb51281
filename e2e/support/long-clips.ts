import type { Expected } from './hls/check-playback.ts'

const sameForAll = {
  renditions: [
    { name: '240p', width: 426, height: 240 },
    { name: '360p', width: 640, height: 360 },
  ],
  frameRate: 24,
  audioChannels: 2,
}

/** What must come of `streamable`, `minute.mp4` and `long.mp4`, whoever died while they were made. */
export const STREAMABLE: Expected = { ...sameForAll, frames: 1000, frameRate: 25 }
export const MINUTE: Expected = { ...sameForAll, frames: 1440 }
export const LONG: Expected = { ...sameForAll, frames: 2400 }
