/** From one picture to the next, either way: more is another stretch of the clock. Reordered pictures are nearer. */
const JUMP_SECONDS = 1
/** Stretches shorter than this are a few broken time stamps, and are not what was shown so far. */
const STRETCH_SECONDS = 1
/** Of all pictures. Less is lost in any damaged file. */
const MUCH = 0.05

/**
 * Watches the clock of pictures in the order of the file. One that jumps back, as when transport streams are put behind one
 * another, shows pictures at times that were already passed: we go by the clock, so they would be lost.
 */
export function watchClock() {
  let [pictures, late] = [0, 0]
  let passed = Number.NEGATIVE_INFINITY
  let stretch: { from: number; to: number } | undefined

  function see(time: number): void {
    pictures += 1
    if (!stretch || Math.abs(time - stretch.to) > JUMP_SECONDS) {
      if (stretch && stretch.to - stretch.from >= STRETCH_SECONDS) passed = Math.max(passed, stretch.to)
      stretch = { from: time, to: time }
    }
    stretch.to = time
    if (time < passed) late += 1
  }

  return { see, losesMuch: () => late > MUCH * pictures }
}
