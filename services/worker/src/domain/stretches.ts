/** A time without a gap, in seconds on the source's clock. */
export interface Stretch {
  from: number
  to: number
}

/** Seconds. Packets with a shorter gap belong together. */
const GAP_SECONDS = 1
/** Of a file with more, the rest is not looked at: its times are noise. */
const MAX_STRETCHES = 10_000

export interface StretchCollector {
  /** Takes the time and duration of the next packet in the order of the file. */
  see(time: number, duration: number): void
  /** In order of time. */
  result(): Stretch[]
}

/** Joins the packets of a track, in whatever order, to the stretches of time that they fill. */
export function collectStretches(): StretchCollector {
  const stretches: Stretch[] = []

  function see(time: number, duration: number): void {
    const last = stretches.at(-1)
    const end = time + Math.max(0, duration)
    if (last && time <= last.to + GAP_SECONDS && end >= last.from - GAP_SECONDS) {
      last.from = Math.min(last.from, time)
      last.to = Math.max(last.to, end)
    } else if (stretches.length < MAX_STRETCHES) {
      stretches.push({ from: time, to: end })
    }
  }

  return { see, result: () => stretches.toSorted((one, other) => one.from - other.from) }
}
