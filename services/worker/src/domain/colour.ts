import type { SourceFacts } from '@kinora/common/contracts'
import type { ProbedStream } from './probe-report.ts'

type Video = SourceFacts['video']

/** From this many lines on, video without a declared colour matrix is BT.709; below, it is BT.601. */
const HD_LINES = 720

/** Matrix, primaries and transfer, by the names of ffprobe, `setparams` and `zscale`. */
export interface Colour {
  matrix: string
  primaries: string
  transfer: string
}

/** What ffprobe reports of the colours of a stream. */
export function colourFacts(
  stream: ProbedStream,
): Pick<Video, 'hdr' | 'colorMatrix' | 'colorPrimaries' | 'colorTransfer'> {
  const { color_space: matrix, color_primaries: primaries, color_transfer: transfer } = stream
  return {
    hdr: HDR.has(transfer ?? ''),
    ...(isDeclared(matrix) && { colorMatrix: matrix }),
    ...(isDeclared(primaries) && { colorPrimaries: primaries }),
    ...(isDeclared(transfer) && { colorTransfer: transfer }),
  }
}

const HDR = new Set(['smpte2084', 'arib-std-b67'])

function isDeclared(name: string | undefined): name is string {
  return name !== undefined && !['unknown', 'reserved', 'unspecified'].includes(name)
}

/** The primaries that belong to a matrix. */
const PRIMARIES_OF: Record<string, string> = {
  ...{ smpte170m: 'smpte170m', bt470bg: 'bt470bg', smpte240m: 'smpte240m', fcc: 'bt470m' },
  ...{ bt2020nc: 'bt2020', bt2020c: 'bt2020', ictcp: 'bt2020' },
}

/** The colours of a source. What it does not declare follows from what it does, and from its size. */
export function sourceColour({ hdr, colorMatrix, colorPrimaries, colorTransfer, width, height }: Video): Colour {
  const isWide = hdr || colorPrimaries === 'bt2020'
  const guessed = isWide ? 'bt2020nc' : Math.min(width, height) < HD_LINES ? 'smpte170m' : 'bt709'
  const matrix = colorMatrix ?? guessed
  const primaries = colorPrimaries ?? PRIMARIES_OF[matrix] ?? (hdr ? 'bt2020' : 'bt709')
  return { matrix, primaries, transfer: colorTransfer ?? (SD.has(matrix) ? 'smpte170m' : 'bt709') }
}

const SD = new Set(['smpte170m', 'bt470bg'])

/** What renditions may have as well, and how they are labelled then. Players show all of these right. */
const KEPT_MATRICES = new Set(['bt709', 'smpte170m', 'bt470bg'])
const KEPT_PRIMARIES: Record<string, string> = {
  ...{ bt709: 'bt709', smpte170m: 'smpte170m', smpte240m: 'smpte170m', bt470bg: 'bt470bg' },
}
/** The curves of BT.2020 are that of BT.709. */
const KEPT_TRANSFERS: Record<string, string> = {
  ...{ bt709: 'bt709', smpte170m: 'smpte170m', bt470m: 'bt470m', bt470bg: 'bt470bg' },
  ...{ 'iec61966-2-1': 'iec61966-2-1', 'bt2020-10': 'bt709', 'bt2020-12': 'bt709' },
}

/**
 * What must be done to the samples of a source. `none`: a label is enough. `matrix`: only another matrix. `colour`: other
 * primaries or another transfer, in linear light. `hdr`: tone mapping as well.
 */
export function conversionOf(video: Video): 'none' | 'matrix' | 'colour' | 'hdr' {
  const { matrix, primaries, transfer } = sourceColour(video)
  if (video.hdr) return 'hdr'
  if (!(primaries in KEPT_PRIMARIES && transfer in KEPT_TRANSFERS)) return 'colour'
  return KEPT_MATRICES.has(matrix) ? 'none' : 'matrix'
}

/**
 * The colour label of all renditions of a source. What players show right is kept: conversion to BT.709 costs a quarter of
 * the whole encode, and a label is enough for players. Without a label players guess by size, and the colours of a small
 * rendition would differ from those of a large one.
 */
export function renditionColour(video: Video): Colour {
  const { matrix, primaries, transfer } = sourceColour(video)
  const conversion = conversionOf(video)
  const isMapped = conversion === 'hdr' || conversion === 'colour'
  return {
    matrix: conversion === 'none' ? matrix : 'bt709',
    primaries: (isMapped ? undefined : KEPT_PRIMARIES[primaries]) ?? 'bt709',
    // Greys keep their values where the curve can be kept.
    transfer: (video.hdr ? undefined : KEPT_TRANSFERS[transfer]) ?? 'bt709',
  }
}

/** Whether samples must be converted: the source has colours that renditions never have. */
export function needsConversion(video: Video): boolean {
  return conversionOf(video) !== 'none'
}
