import type { TaskCause, TaskResult, TaskWork } from '@kinora/common/contracts'
import type { Part, VideoResult, VideoWork } from './tracks.ts'

/**
 * Does a result fit what was asked and what other workers made? Playlists are built on it. The answer is a host fault:
 * another attempt, perhaps on another machine, may do better.
 */
export function checkResult(work: TaskWork, result: TaskResult, others: readonly Part[]): TaskCause | null {
  if (work.kind !== result.kind) return unusable('RESULT_UNUSABLE')
  if (work.kind !== 'video' || result.kind !== 'video') return null
  if (!hasAskedSegments(work, result)) return unusable('RESULT_UNUSABLE')
  return hasSameHeaders(result, others) ? null : unusable('CHUNKS_DIFFER')
}

function unusable(code: string): TaskCause {
  return { class: 'host', code, detail: 'A part of this video did not come out as it should.' }
}

function hasAskedSegments({ rungs, chunk, segmentFrames }: VideoWork, { renditions }: VideoResult): boolean {
  const count = Math.ceil(chunk.frameCount / segmentFrames)
  const expected = Array.from({ length: count }, (_, index) =>
    Math.min(segmentFrames, chunk.frameCount - index * segmentFrames),
  )
  return (
    renditions.length === rungs.length &&
    rungs.every((rung) => {
      const segments = renditions.find((rendition) => rendition.name === rung.name)?.segments ?? []
      return segments.length === count && segments.every(({ frames }, index) => frames === expected[index])
    })
  )
}

/** One EXT-X-MAP serves all chunks of a rendition, so their headers must be the same, byte for byte. */
function hasSameHeaders({ renditions }: VideoResult, others: readonly Part[]): boolean {
  const known = others.flatMap((part) => (part.kind === 'video' ? part.result.renditions : []))
  return renditions.every((rendition) =>
    known.every((other) => other.name !== rendition.name || other.initSha256 === rendition.initSha256),
  )
}
