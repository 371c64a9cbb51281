/** Bytes to fetch and how long they play. */
interface Stretch {
  bytes: number
  seconds: number
}

/** Bits a second over all of it: the average segment bit rate of RFC 8216 section 4.1. */
export function averageBitrate(all: readonly Stretch[]): number {
  const seconds = all.reduce((sum, stretch) => sum + stretch.seconds, 0)
  return all.reduce((sum, { bytes }) => sum + bytes * 8, 0) / seconds
}

/**
 * The peak segment bit rate of section 4.1: that of the busiest stretch between half and one and a half target durations;
 * 0 when the whole is shorter. The target duration is rounded to seconds, so stretches close to either limit do not count.
 */
export function peakBitrate(all: readonly Stretch[], targetDuration: number | null): number {
  const target = targetDuration ?? 0
  let peak = 0
  all.forEach((_, from) => {
    let [bytes, time] = [0, 0]
    for (const stretch of startingAt(all, from)) {
      bytes += stretch.bytes
      time += stretch.seconds
      if (time > 1.49 * target) break
      if (time >= 0.51 * target) peak = Math.max(peak, (bytes * 8) / time)
    }
  })
  return peak
}

function* startingAt<T>(all: readonly T[], from: number): Generator<T> {
  for (let index = from; index < all.length; index += 1) yield all[index] as T
}
