import type { FrameRate } from '@kinora/common/contracts'

const STANDARD: FrameRate[] = [
  ...[5, 8, 10, 12].map((num) => ({ num, den: 1 })),
  { num: 25, den: 2 },
  ...[15, 20].map((num) => ({ num, den: 1 })),
  { num: 24_000, den: 1001 },
  { num: 24, den: 1 },
  { num: 25, den: 1 },
  { num: 30_000, den: 1001 },
  { num: 30, den: 1 },
  { num: 48, den: 1 },
  { num: 50, den: 1 },
  { num: 60_000, den: 1001 },
  { num: 60, den: 1 },
]

const MAX_RATE = 60
/** Below this rate, with a key frame every two seconds, nearly every frame would be a key frame. */
const MIN_RATE = 5

export function perSecond({ num, den }: FrameRate): number {
  return num / den
}

/** Reads a rate of ffprobe such as `30000/1001`; null for `0/0` and other invalid values. */
export function parseRate(text: string | undefined): FrameRate | null {
  const [num, den] = (text ?? '').split('/').map(Number)
  if (!num || !den || !Number.isSafeInteger(num) || !Number.isSafeInteger(den) || num < 0 || den < 0) return null
  return { num, den }
}

export function nearestStandardRate(average: number): FrameRate {
  const distance = (rate: FrameRate) => Math.abs(perSecond(rate) - average)
  return STANDARD.reduce((best, rate) => (distance(rate) < distance(best) ? rate : best))
}

/** Of rates that renditions may have: whole numbers, halves, thirds and quarters of them, and the 1000/1001 family. */
const DENOMINATORS = [1, 2, 3, 4, 1001]

/** Whether a rendition may have this rate unchanged: as 25, 12.5 and 29.97 are, and no header that is off by a little. */
export function isUsableRate(rate: FrameRate): boolean {
  return perSecond(rate) >= MIN_RATE && perSecond(rate) <= MAX_RATE && DENOMINATORS.includes(rate.den)
}

/** Divides a rate above 60 by the smallest whole number that gives at most 60, so that every nth frame is kept. */
export function divideTo60(rate: FrameRate): FrameRate {
  const divisor = Math.ceil(perSecond(rate) / MAX_RATE - 1e-9)
  if (divisor <= 1) return rate
  return rate.num % divisor === 0
    ? { num: rate.num / divisor, den: rate.den }
    : nearestStandardRate(perSecond(rate) / divisor)
}
