import { BROKEN_MP4 } from './broken-mp4.ts'
import type { HostileFile } from './hostile-file.ts'
import { NOT_MEDIA } from './not-media.ts'
import { ODD_PICTURES } from './odd-pictures.ts'
import { ODD_STREAMS } from './odd-streams.ts'

export const CORPUS: readonly HostileFile[] = [...NOT_MEDIA, ...BROKEN_MP4, ...ODD_PICTURES, ...ODD_STREAMS]
