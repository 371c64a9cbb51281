import type { Rung, SourceFacts } from '@kinora/common/contracts'
import { highestBitrate } from './bandwidth.ts'

/**
 * The largest rung of a ladder where the source is one already, to be cut into segments as it is; null where it must be
 * encoded. Its segments may be as large as those of an encoded one: a player that joins while a video grows is told that.
 */
export function copiedRung({ video }: SourceFacts, rungs: readonly Rung[]): Rung | null {
  const top = rungs.at(-1)
  const { copyable, width, height } = video
  if (!top || !copyable || top.width !== width || top.height !== height) return null
  return copyable.peakBitrate <= highestBitrate(top.maxrate) ? top : null
}
