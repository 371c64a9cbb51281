import type { Expected } from './hls/check-playback.ts'

const sameForBoth = {
  renditions: [
    { name: '240p', width: 426, height: 240 },
    { name: '360p', width: 640, height: 360 },
  ],
  frameRate: 24,
  audioChannels: 2,
}

/** What must come of `minute.mp4` and `long.mp4`, whoever died while they were made. */
export const MINUTE: Expected = { ...sameForBoth, frames: 1440 }
export const LONG: Expected = { ...sameForBoth, frames: 2400 }
