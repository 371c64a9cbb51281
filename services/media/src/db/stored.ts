import type { AudioTrack, Chapter, FrameRate, Grid, Overlay, Rung, TaskWork, Watermark } from '@kinora/common/contracts'
import type { StorageKey } from '@kinora/common/storage'

// Values that columns store as JSON, in addition to those that the contracts define.

/** What all renditions of a video have in common. */
export interface VideoPlan extends Grid {
  frameRate: FrameRate
  frameCount: number
  /** The first frame of each segment of all renditions. Absent in plans of earlier versions. */
  cuts?: number[]
  /** Frames of the longest segment of a remux, which begins with longer ones than all other renditions. */
  longestCopied?: number
  /** Seconds of a usual segment, and of each of the audio but the last. */
  segmentSeconds: number
  hasAudio: boolean
  /** Smallest first; all of H.264. */
  rungs: Rung[]
  /** The remux of an HEVC source, for players that know HEVC. */
  hevc?: Rung
  /** Part of every frame: all renditions are encoded, none is remuxed. */
  watermark?: Overlay | undefined
}

export interface PlannedTask {
  ordinal: number
  label: string
  queue: 'short' | 'long' | 'transcribe'
  /** The approximate cost; only ratios matter. */
  weight: number
  work: TaskWork
}

/** A range of frames of a source, on the grid that its probe determined. */
export interface FrameRange {
  startFrame: number
  frameCount: number
}

/** An audio track of a video. */
export interface StoredAudioTrack extends Omit<AudioTrack, 'added'> {
  /**
   * The video is playable without it; it is published when it is complete. All others make up the track that the first task of
   * audio encodes.
   */
  additional: boolean
  /** The file that its owner has added; absent for tracks of the source. */
  added?: { uploadId: string; key: StorageKey; bytes: number; sha256: string }
}

/** Captions in one language. Their files have the id in their names and are never rewritten: other captions get another id. */
export interface StoredCaptions {
  id: string
  lang: string
  label: string
  cues: number
  /** Of the stored file; absent where an earlier version has stored it. */
  bytes?: number
  /** Taken from a subtitle track; then a language may have several. Absent where the owner has put them. */
  fromSource?: boolean
  /** Made by an engine from the audio. */
  automatic?: boolean
  forced?: boolean
  sdh?: boolean
  createdAt: string
}

export interface StoredChapters {
  id: string
  items: Chapter[]
}

/** A watermark and the key of its picture. That file is never rewritten: another picture gets another key. */
export interface StoredWatermark extends Watermark {
  key: StorageKey
}
