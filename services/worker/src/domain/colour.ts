import type { SourceFacts } from '@kinora/common/contracts'

/** From this many lines on, video without a declared colour matrix is BT.709; below, it is BT.601. */
const HD_LINES = 720

/** Matrix, primaries and transfer, by the names of the `setparams` filter. */
export interface Colour {
  matrix: string
  primaries: string
  transfer: string
}

const BT709: Colour = { matrix: 'bt709', primaries: 'bt709', transfer: 'bt709' }
/** BT.601 with 525 and with 625 lines; both have the transfer of smpte170m. */
const BT601: Record<string, Colour> = {
  smpte170m: { matrix: 'smpte170m', primaries: 'smpte170m', transfer: 'smpte170m' },
  bt470bg: { matrix: 'bt470bg', primaries: 'bt470bg', transfer: 'smpte170m' },
}

/**
 * The colour label of all renditions of a source. BT.601 is kept: conversion to BT.709 costs a quarter of the whole encode,
 * and a label is enough for players. Without a label players guess by size, and the colours of a small rendition would
 * differ from those of a large one.
 */
export function renditionColour({ colorMatrix, hdr, width, height }: SourceFacts['video']): Colour {
  const declared = hdr ? undefined : BT601[colorMatrix ?? '']
  if (declared) return declared
  const unlabelledSd = !hdr && colorMatrix === undefined && Math.min(width, height) < HD_LINES
  return unlabelledSd ? (BT601.smpte170m as Colour) : BT709
}

/** Whether samples must be converted: the source has a matrix that renditions never have. */
export function needsConversion({ colorMatrix }: SourceFacts['video']): boolean {
  return colorMatrix !== undefined && colorMatrix !== 'bt709' && !(colorMatrix in BT601)
}
