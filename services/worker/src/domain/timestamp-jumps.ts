/** Seconds. Consecutive frames further apart than this, either way, belong to two stretches. Reordered frames are closer. */
const JUMP_SECONDS = 1
/** Stretches shorter than this are a few broken time stamps; they do not count as shown. */
const STRETCH_SECONDS = 1
/** Share of all frames. Any damaged file may lose less than this. */
const MANY = 0.05

export interface TimestampJumps {
  /** Takes the time stamp of the next frame in the order of the file, in seconds. */
  see(time: number): void
  /** Whether more than a few frames would be lost. */
  losesMany(): boolean
}

/**
 * Detects time stamps that jump back, as when transport streams are concatenated. Frames after such a jump have times that
 * were already shown. Frames are placed by their time stamps, so these frames would be lost.
 */
export function detectTimestampJumps(): TimestampJumps {
  let [frames, late] = [0, 0]
  let passed = Number.NEGATIVE_INFINITY
  let stretch: { from: number; to: number } | undefined

  function see(time: number): void {
    frames += 1
    if (!stretch || Math.abs(time - stretch.to) > JUMP_SECONDS) {
      if (stretch && stretch.to - stretch.from >= STRETCH_SECONDS) passed = Math.max(passed, stretch.to)
      stretch = { from: time, to: time }
    }
    stretch.to = time
    if (time < passed) late += 1
  }

  return { see, losesMany: () => late > MANY * frames }
}
