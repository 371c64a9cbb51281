import { boxesIn, childrenOf, findBox, innerBoxes } from './boxes.ts'
import { STSD_HEADER } from './sample-entry.ts'

/** Sample entries of encrypted samples: common encryption (ISO/IEC 23001-7), and those of iTunes. */
const ENCRYPTED = ['encv', 'enca', 'encs', 'enct', 'drmi', 'drms']

/** Of each track in a `moov` box, in order, whether its samples are encrypted. Throws `RangeError` on a malformed index. */
export function encryptedTracks(moovFile: Buffer): boolean[] {
  const [moov] = boxesIn(moovFile)
  if (!moov) throw new RangeError('an empty index')
  return childrenOf(moovFile, moov, 'trak').map((trak) => {
    const stsd = findBox(moovFile, ['mdia', 'minf', 'stbl', 'stsd'], trak)
    return stsd !== undefined && innerBoxes(moovFile, stsd, STSD_HEADER).some(({ type }) => ENCRYPTED.includes(type))
  })
}
