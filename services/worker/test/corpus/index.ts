import { ADVISORIES } from './advisories.ts'
import { BROKEN_MP4 } from './broken-mp4.ts'
import type { HostileFile } from './hostile-file.ts'
import { NOT_MEDIA } from './not-media.ts'
import { ODD_FRAMES } from './odd-frames.ts'
import { ODD_STREAMS } from './odd-streams.ts'

export const CORPUS: readonly HostileFile[] = [
  ...NOT_MEDIA,
  ...BROKEN_MP4,
  ...ODD_FRAMES,
  ...ODD_STREAMS,
  ...ADVISORIES,
]
