import { framesOf, type VideoWork } from './video-segments.ts'

// What tasks cost was measured, and is told in pixels to encode.

/** Starting any program: about a quarter of a second. */
const START = 30_000_000
/** Decoding a pixel of the source, once for all renditions. */
const DECODED_SHARE = 0.5
/** Copying a pixel of the source: neither decoded nor encoded. */
const COPIED_SHARE = 1 / 100
/** Encoding a second of audio. */
const AUDIO_PER_SECOND = 500_000

export function pictureWeight(work: VideoWork): number {
  const { width, height } = work.facts.video
  const decodedFrames = Math.max(...work.rungs.map((rung) => framesOf(rung, work)))
  return START + DECODED_SHARE * width * height * decodedFrames + encodedPixels(work)
}

export function copyWeight(work: VideoWork): number {
  return START + COPIED_SHARE * encodedPixels(work)
}

export function audioWeight(seconds: number): number {
  return START + AUDIO_PER_SECOND * seconds
}

function encodedPixels(work: VideoWork): number {
  return work.rungs.reduce((sum, rung) => sum + rung.width * rung.height * framesOf(rung, work), 0)
}
