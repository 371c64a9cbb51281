import type { Attributes } from '@kinora/formats/hls'
import type { Findings } from '../findings.ts'
import type { Rendition } from '../measure-rendition.ts'
import { averageBitrate, peakBitrate } from './bitrate.ts'

/** A variant of the master playlist with its renditions. */
export interface Variant {
  /** Its name in findings. */
  name: string
  attributes: Attributes
  /** Undefined when it could not be read. */
  rendition: Rendition | undefined
  /** Renditions of its audio group; undefined when the group does not exist, empty when it names no group. */
  audios: Rendition[] | undefined
}

const NUMBERS = ['BANDWIDTH', 'AVERAGE-BANDWIDTH'] as const
/** Rounding error, in bits a second. */
export const ROUNDING = 1
const AVERAGE_TOLERANCE = 0.1

/** Compares the attributes of a variant with what was measured. */
export function checkVariant(findings: Findings, variant: Variant): void {
  checkComplete(findings, variant)
  const { name, attributes, rendition, audios = [] } = variant
  if (!rendition) return
  checkCodecs(findings, variant, [rendition, ...audios])
  const together = (measure: (one: Rendition) => number) => needed(variant, rendition, measure)
  const peak = together(peakOf)
  const bandwidth = Number(attributes.get('BANDWIDTH'))
  findings.check('HLS-12', peak <= bandwidth + ROUNDING, `${name} needs ${Math.ceil(peak)}, says ${bandwidth}`)
  if (!attributes.has('AVERAGE-BANDWIDTH')) return
  const average = together(averageOf)
  const said = Number(attributes.get('AVERAGE-BANDWIDTH'))
  const right = Math.abs(said - average) <= average * AVERAGE_TOLERANCE + ROUNDING
  findings.check('HLS-13', right, `${name} has ${Math.round(average)}, says ${said}`)
}

/** What a player needs for a variant: its rendition and one of its audio renditions. */
function needed({ audios = [] }: Variant, rendition: Rendition, measure: (one: Rendition) => number): number {
  const most = Math.max(0, ...audios.map(measure))
  // An audio-only variant is often a member of its own group; then a player plays one of the members alone.
  return audios.includes(rendition) ? most : measure(rendition) + most
}

function peakOf({ segments, playlist }: Rendition): number {
  return peakBitrate(segments, playlist.targetDuration)
}

function averageOf({ segments }: Rendition): number {
  return averageBitrate(segments)
}

function checkComplete(findings: Findings, { name, attributes, rendition, audios }: Variant): void {
  const wrongNumbers = NUMBERS.filter((attribute) => !/^[1-9]\d*$/.test(attributes.get(attribute) ?? ''))
  const needed = rendition?.kind === 'audio' ? ['CODECS'] : ['CODECS', 'RESOLUTION', 'FRAME-RATE']
  const missing = [...wrongNumbers, ...needed.filter((attribute) => !attributes.has(attribute))]
  findings.check('HLS-11', missing.length === 0, `${name} lacks ${missing.join(', ')}`)
  if (attributes.has('AUDIO'))
    findings.check('HLS-11', audios !== undefined, `${name}: no group ${attributes.get('AUDIO')}`)
}

function checkCodecs(findings: Findings, { name, attributes }: Variant, renditions: readonly Rendition[]): void {
  const declared = (attributes.get('CODECS') ?? '').split(',').map((codec) => codec.trim())
  const found = [...new Set(renditions.flatMap(({ codecs }) => [...codecs]))]
  const right =
    found.every((codec) => declared.some((other) => agrees(other, codec))) &&
    declared.every((other) => found.some((codec) => agrees(other, codec)))
  findings.check('HLS-14', right, `${name} says ${declared.join(',')}, has ${found.join(',')}`)
}

/** HE-AAC may be signalled inside plain AAC (ISO/IEC 14496-3 section 1.6.5), where only a decoder finds it. */
const HIDDEN_HE_AAC = /^mp4a\.40\.(5|29)$/

function agrees(declared: string, found: string): boolean {
  if (!found.includes('.')) return declared.split('.')[0] === found
  return declared.toLowerCase() === found.toLowerCase() || (found === 'mp4a.40.2' && HIDDEN_HE_AAC.test(declared))
}
