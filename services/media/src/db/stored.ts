import type { Chapter, FrameRate, Grid, Overlay, Rung, TaskWork, Watermark } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'

// Values that columns store as JSON, beside those that the contracts define.

/** What all renditions of a video share; stored with the video. */
export interface VideoPlan extends Grid {
  frameRate: FrameRate
  frameCount: number
  /** Seconds of each segment but the last. */
  segmentSeconds: number
  hasAudio: boolean
  /** Smallest first. */
  rungs: Rung[]
  /** Lies over every picture: all of them are encoded, none is copied from the source. */
  watermark?: Overlay | undefined
}

export interface PlannedTask {
  ordinal: number
  label: string
  queue: 'short' | 'long'
  /** About what it costs; only ratios matter. */
  weight: number
  work: TaskWork
}

/** Some of the frames of a source, on the grid that its probe fixed. */
export interface FrameRange {
  startFrame: number
  frameCount: number
}

/** Captions in one language. Their files carry the id, and are never written again: other captions have another id. */
export interface StoredCaptions {
  id: string
  lang: string
  label: string
  cues: number
  createdAt: string
}

export interface StoredChapters {
  id: string
  items: Chapter[]
}

/** A watermark, and where its picture is. That file is never written again: another picture has another name. */
export interface StoredWatermark extends Watermark {
  key: StorageKey
}
