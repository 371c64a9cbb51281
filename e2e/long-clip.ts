import type { Expected } from './hls/check-playback.ts'

/** What must come of `long.mp4`, whoever died while it was made. */
export const LONG_CLIP: Expected = {
  renditions: [
    { name: '240p', width: 426, height: 240 },
    { name: '360p', width: 640, height: 360 },
  ],
  frames: 2400,
  frameRate: 24,
  audioChannels: 2,
}
