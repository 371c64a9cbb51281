import type { Attributes } from './attribute-list.ts'

export type Master = {
  version: number
  independentSegments: boolean
  media: Attributes[]
  variants: { attributes: Attributes; uri: string }[]
  iFrames: Attributes[]
}

export type MediaPlaylist = {
  version: number
  targetDuration: number
  mediaSequence: number
  playlistType: 'EVENT' | 'VOD' | null
  independentSegments: boolean
  ended: boolean
  mapUri: string | null
  /** Each segment is one frame (section 4.3.3.6). */
  iFramesOnly: boolean
  segments: { uri: string; seconds: number; range: ByteRange | null }[]
}

/** Offset of the first byte, and of the byte after the last. */
export type ByteRange = { start: number; end: number }
