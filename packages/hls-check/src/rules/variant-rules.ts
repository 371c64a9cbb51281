import type { Findings } from '../findings.ts'
import type { Rendition } from '../measure-rendition.ts'
import type { Attributes } from '../playlist/lines.ts'
import { averageBitrate, peakBitrate } from './bitrate.ts'

/** A variant of the master playlist, with all that belongs to it. */
export interface Variant {
  /** How it is called in findings. */
  name: string
  attributes: Attributes
  /** Undefined where it could not be read. */
  rendition: Rendition | undefined
  /** Renditions of its audio group; undefined when the group does not exist, empty when it has none. */
  sounds: Rendition[] | undefined
}

const NUMBERS = ['BANDWIDTH', 'AVERAGE-BANDWIDTH'] as const
/** One bit a second of rounding. */
export const ROUNDING = 1
const AVERAGE_TOLERANCE = 0.1

/** What a master playlist promises of a variant, compared with what was measured. */
export function checkVariant(findings: Findings, variant: Variant): void {
  checkComplete(findings, variant)
  const { name, attributes, rendition, sounds = [] } = variant
  if (!rendition) return
  checkCodecs(findings, variant, [rendition, ...sounds])
  const peak = peakOf(rendition) + Math.max(0, ...sounds.map(peakOf))
  const bandwidth = Number(attributes.get('BANDWIDTH'))
  findings.check('HLS-12', peak <= bandwidth + ROUNDING, `${name} needs ${Math.ceil(peak)}, says ${bandwidth}`)
  if (!attributes.has('AVERAGE-BANDWIDTH')) return
  const average = averageOf(rendition) + Math.max(0, ...sounds.map(averageOf))
  const said = Number(attributes.get('AVERAGE-BANDWIDTH'))
  const right = Math.abs(said - average) <= average * AVERAGE_TOLERANCE + ROUNDING
  findings.check('HLS-13', right, `${name} has ${Math.round(average)}, says ${said}`)
}

function peakOf({ segments, playlist }: Rendition): number {
  return peakBitrate(segments, playlist.targetDuration)
}

function averageOf({ segments }: Rendition): number {
  return averageBitrate(segments)
}

function checkComplete(findings: Findings, { name, attributes, rendition, sounds }: Variant): void {
  const wrongNumbers = NUMBERS.filter((attribute) => !/^[1-9]\d*$/.test(attributes.get(attribute) ?? ''))
  const needed = rendition?.kind === 'audio' ? ['CODECS'] : ['CODECS', 'RESOLUTION', 'FRAME-RATE']
  const missing = [...wrongNumbers, ...needed.filter((attribute) => !attributes.has(attribute))]
  findings.check('HLS-11', missing.length === 0, `${name} lacks ${missing.join(', ')}`)
  if (attributes.has('AUDIO'))
    findings.check('HLS-11', sounds !== undefined, `${name}: no group ${attributes.get('AUDIO')}`)
}

function checkCodecs(findings: Findings, { name, attributes }: Variant, renditions: readonly Rendition[]): void {
  const declared = (attributes.get('CODECS') ?? '').split(',').map((codec) => codec.trim())
  const found = [...new Set(renditions.flatMap(({ codecs }) => [...codecs]))]
  const right =
    found.every((codec) => declared.some((other) => agrees(other, codec))) &&
    declared.every((other) => found.some((codec) => agrees(other, codec)))
  findings.check('HLS-14', right, `${name} says ${declared.join(',')}, has ${found.join(',')}`)
}

/** HE-AAC may be announced inside plain AAC (ISO/IEC 14496-3 section 1.6.5), so that only a decoder sees it. */
const HIDDEN_HE_AAC = /^mp4a\.40\.(5|29)$/

function agrees(declared: string, found: string): boolean {
  if (!found.includes('.')) return declared.split('.')[0] === found
  return declared.toLowerCase() === found.toLowerCase() || (found === 'mp4a.40.2' && HIDDEN_HE_AAC.test(declared))
}
