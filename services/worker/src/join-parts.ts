import type { MediaPart } from '@kinora/common/contracts'

/** Two parts of one attempt, the second of which begins where the first one ends, as one. */
export function joinParts<P extends MediaPart>(first: P | undefined, second: P): P
export function joinParts(first: MediaPart | undefined, second: MediaPart): MediaPart {
  if (first?.kind === 'audio' && second.kind === 'audio') {
    return { ...first, segments: [...first.segments, ...second.segments] }
  }
  if (first?.kind !== 'video' || second.kind !== 'video') return second
  // A rung may begin later than the others.
  const renditions = second.renditions.map((rendition) => {
    const before = first.renditions.find(({ name }) => name === rendition.name)
    return before ? { ...before, segments: [...before.segments, ...rendition.segments] } : rendition
  })
  return { kind: 'video', renditions }
}
