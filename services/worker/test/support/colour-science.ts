/** Colour science by the books, without ffmpeg: what a source should look like, and how far a rendition is from that. */

export type Triple = [number, number, number]
type Matrix = [Triple, Triple, Triple]

const D65 = { x: 0.3127, y: 0.329 }

/** Chromaticities of red, green and blue; all have D65 as their white. */
const PRIMARIES: Record<string, [number, number][]> = {
  bt709: [
    [0.64, 0.33],
    [0.3, 0.6],
    [0.15, 0.06],
  ],
  bt470bg: [
    [0.64, 0.33],
    [0.29, 0.6],
    [0.15, 0.06],
  ],
  smpte170m: [
    [0.63, 0.34],
    [0.31, 0.595],
    [0.155, 0.07],
  ],
  smpte432: [
    [0.68, 0.32],
    [0.265, 0.69],
    [0.15, 0.06],
  ],
  bt2020: [
    [0.708, 0.292],
    [0.17, 0.797],
    [0.131, 0.046],
  ],
}

/** Shares of red and blue in luma (ITU-T H.273 table 4). */
const LUMA: Record<string, [number, number]> = {
  bt709: [0.2126, 0.0722],
  smpte170m: [0.299, 0.114],
  bt470bg: [0.299, 0.114],
  bt2020nc: [0.2627, 0.0593],
}

function multiply(matrix: Matrix, [a, b, c]: Triple): Triple {
  return matrix.map(([x, y, z]) => x * a + y * b + z * c) as Triple
}

function invert([[a, b, c], [d, e, f], [g, h, i]]: Matrix): Matrix {
  const determinant = a * (e * i - f * h) - b * (d * i - f * g) + c * (d * h - e * g)
  const rows: Matrix = [
    [e * i - f * h, c * h - b * i, b * f - c * e],
    [f * g - d * i, a * i - c * g, c * d - a * f],
    [d * h - e * g, b * g - a * h, a * e - b * d],
  ]
  return rows.map((row) => row.map((value) => value / determinant)) as Matrix
}

/** From linear RGB to XYZ with a white of luminance 1. */
function toXyzMatrix(primaries: string): Matrix {
  const columns = (PRIMARIES[primaries] ?? []).map(([x, y]): Triple => [x / y, 1, (1 - x - y) / y])
  const [red, green, blue] = columns as Matrix
  const plain: Matrix = [
    [red[0], green[0], blue[0]],
    [red[1], green[1], blue[1]],
    [red[2], green[2], blue[2]],
  ]
  const scale = multiply(invert(plain), [D65.x / D65.y, 1, (1 - D65.x - D65.y) / D65.y])
  return plain.map((row) => row.map((value, index) => value * (scale[index] ?? 0))) as Matrix
}

export function toXyz(linear: Triple, primaries: string): Triple {
  return multiply(toXyzMatrix(primaries), linear)
}

export function fromXyz(xyz: Triple, primaries: string): Triple {
  return multiply(invert(toXyzMatrix(primaries)), xyz)
}

const PQ = {
  m1: 2610 / 16_384,
  m2: (2523 / 4096) * 128,
  c1: 3424 / 4096,
  c2: (2413 / 4096) * 32,
  c3: (2392 / 4096) * 32,
}

/** cd/m² of a PQ signal (SMPTE ST 2084). */
function pqToNits(signal: number): number {
  const power = signal ** (1 / PQ.m2)
  return 10_000 * (Math.max(power - PQ.c1, 0) / (PQ.c2 - PQ.c3 * power)) ** (1 / PQ.m1)
}

function nitsToPq(nits: number): number {
  const power = (Math.max(nits, 0) / 10_000) ** PQ.m1
  return ((PQ.c1 + PQ.c2 * power) / (1 + PQ.c3 * power)) ** PQ.m2
}

const HLG = { a: 0.17883277, b: 0.28466892, c: 0.55991073 }
const HLG_PEAK = 1000

function hlgToScene(signal: number): number {
  return signal <= 0.5 ? signal ** 2 / 3 : (Math.exp((signal - HLG.c) / HLG.a) + HLG.b) / 12
}

function sceneToHlg(scene: number): number {
  return scene <= 1 / 12 ? Math.sqrt(3 * scene) : HLG.a * Math.log(12 * scene - HLG.b) + HLG.c
}

/** cd/m² on a display of 1000 (ITU-R BT.2100 table 5), or a share of white in SDR. */
export function toLight(signal: Triple, transfer: string): Triple {
  const each = (of: (value: number) => number) => signal.map(of) as Triple
  if (transfer === 'smpte2084') return each(pqToNits)
  if (transfer === 'iec61966-2-1') return each((v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4))
  if (transfer !== 'arib-std-b67') return each((v) => v ** 2.4)
  const scene = each(hlgToScene)
  const luminance = 0.2627 * scene[0] + 0.678 * scene[1] + 0.0593 * scene[2]
  return scene.map((value) => HLG_PEAK * luminance ** 0.2 * value) as Triple
}

/** The reverse of `toLight`. */
export function toSignal(light: Triple, transfer: string): Triple {
  const each = (of: (value: number) => number) => light.map((value) => of(Math.max(0, value))) as Triple
  if (transfer === 'smpte2084') return each(nitsToPq)
  if (transfer === 'iec61966-2-1') return each((v) => (v <= 0.0031308 ? v * 12.92 : 1.055 * v ** (1 / 2.4) - 0.055))
  if (transfer !== 'arib-std-b67') return each((v) => v ** (1 / 2.4))
  const luminance = (0.2627 * light[0] + 0.678 * light[1] + 0.0593 * light[2]) / HLG_PEAK
  return each((value) => (value === 0 ? 0 : sceneToHlg((value / HLG_PEAK) * luminance ** (-1 / 6))))
}

/** cd/m². The white of paper (ITU-R BT.2408), and the peak of the content. */
export const WHITE = 203
const PEAK = 1000

/** ITU-R BT.2390 section 5.4.1 (EETF), from a peak of 1000 cd/m² to the white of SDR. */
function toneMapped(nits: number): number {
  const peak = nitsToPq(PEAK)
  const [signal, maximum] = [nitsToPq(nits) / peak, nitsToPq(WHITE) / peak]
  const knee = 1.5 * maximum - 0.5
  if (signal < knee) return nits
  const t = (signal - knee) / (1 - knee)
  const spline =
    (2 * t ** 3 - 3 * t ** 2 + 1) * knee + (t ** 3 - 2 * t ** 2 + t) * (1 - knee) + (-2 * t ** 3 + 3 * t ** 2) * maximum
  return pqToNits(Math.min(spline, maximum) * peak)
}

/** The light of HDR as it should be in SDR: linear BT.709, the brightest component tone-mapped and the others with it. */
export function hdrInSdr(light: Triple, primaries: string): Triple {
  const wide = toXyz(light, primaries)
  const narrow = fromXyz(wide, 'bt709')
  const brightest = Math.max(...narrow)
  const factor = brightest > 0 ? toneMapped(brightest) / brightest / WHITE : 0
  return narrow.map((value) => value * factor) as Triple
}

/** Samples of limited range. */
export function toYuv([red, green, blue]: Triple, matrix: string, bits: number): Triple {
  const [kr, kb] = LUMA[matrix] ?? [0, 0]
  const luma = kr * red + (1 - kr - kb) * green + kb * blue
  const unit = 2 ** (bits - 8)
  const chroma = (part: number, share: number) => Math.round((128 + (224 * (part - luma)) / (2 - 2 * share)) * unit)
  return [Math.round((16 + 219 * luma) * unit), chroma(blue, kb), chroma(red, kr)]
}

/** Of 8 bits, clipped as a display does. */
export function fromYuv([y, cb, cr]: Triple, matrix: string): Triple {
  const [kr, kb] = LUMA[matrix] ?? [0, 0]
  const luma = (y - 16) / 219
  const red = luma + ((cr - 128) / 224) * (2 - 2 * kr)
  const blue = luma + ((cb - 128) / 224) * (2 - 2 * kb)
  const green = (luma - kr * red - kb * blue) / (1 - kr - kb)
  return clipped([red, green, blue])
}

export function clipped(values: Triple): Triple {
  return values.map((value) => Math.min(1, Math.max(0, value))) as Triple
}

function toLab(xyz: Triple): Triple {
  const white: Triple = [D65.x / D65.y, 1, (1 - D65.x - D65.y) / D65.y]
  const [x, y, z] = xyz.map((value, index) => {
    const t = value / (white[index] ?? 1)
    return t > (6 / 29) ** 3 ? Math.cbrt(t) : t / (3 * (6 / 29) ** 2) + 4 / 29
  }) as Triple
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)]
}

const DEGREE = Math.PI / 180

/** CIE ΔE2000 of two colours in Lab (Sharma, Wu, Dalal 2005). */
export function labDifference([l1, a1, b1]: Triple, [l2, a2, b2]: Triple): number {
  const chroma = (Math.hypot(a1, b1) + Math.hypot(a2, b2)) / 2
  const g = 0.5 * (1 - Math.sqrt(chroma ** 7 / (chroma ** 7 + 25 ** 7)))
  const [p1, p2] = [(1 + g) * a1, (1 + g) * a2]
  const [c1, c2] = [Math.hypot(p1, b1), Math.hypot(p2, b2)]
  const hue = (a: number, b: number) => (Math.atan2(b, a) / DEGREE + 360) % 360
  const [h1, h2] = [hue(p1, b1), hue(p2, b2)]
  const grey = c1 * c2 === 0
  const turn = grey ? 0 : ((h2 - h1 + 540) % 360) - 180
  const meanHue = grey ? h1 + h2 : Math.abs(h1 - h2) <= 180 ? (h1 + h2) / 2 : ((h1 + h2 + 360) / 2) % 360
  const [meanL, meanC] = [(l1 + l2) / 2, (c1 + c2) / 2]
  const cos = (degrees: number) => Math.cos(degrees * DEGREE)
  const t =
    1 - 0.17 * cos(meanHue - 30) + 0.24 * cos(2 * meanHue) + 0.32 * cos(3 * meanHue + 6) - 0.2 * cos(4 * meanHue - 63)
  const lightness = (l2 - l1) / (1 + (0.015 * (meanL - 50) ** 2) / Math.sqrt(20 + (meanL - 50) ** 2))
  const saturation = (c2 - c1) / (1 + 0.045 * meanC)
  const tint = (2 * Math.sqrt(c1 * c2) * Math.sin((turn / 2) * DEGREE)) / (1 + 0.015 * meanC * t)
  const rotation =
    -2 *
    Math.sqrt(meanC ** 7 / (meanC ** 7 + 25 ** 7)) *
    Math.sin(60 * DEGREE * Math.exp(-(((meanHue - 275) / 25) ** 2)))
  return Math.sqrt(lightness ** 2 + saturation ** 2 + tint ** 2 + rotation * saturation * tint)
}

export function difference(one: Triple, other: Triple): number {
  return labDifference(toLab(one), toLab(other))
}
