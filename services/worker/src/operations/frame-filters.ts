import type { SourceFacts } from '@kinora/common/contracts'
import { conversionOf, renditionColour, sourceColour } from '../domain/colour.ts'
import { perSecond } from '../domain/frame-rate.ts'

type Video = SourceFacts['video']

interface Size {
  width: number
  height: number
}

/** Frames a second. A source of interlaced frames with more has its fields in packets of their own, and each is a frame. */
const MAX_INTERLACED_RATE = 30

/** Filters that make a frame of each field, before any filter that counts frames; none for other sources. */
export function fieldFrames(video: Video): string[] {
  return hasFieldRate(video) ? ['bwdif=mode=send_field:deint=interlaced'] : []
}

function hasFieldRate({ interlaced, frameRate }: Video): boolean {
  return interlaced && perSecond(frameRate) > MAX_INTERLACED_RATE
}

/**
 * Filters that convert any decoded source frame (already rotated by ffmpeg) to 8-bit 4:2:0, limited range, square pixels.
 * `areFields`: the frames come from `fieldFrames`.
 */
export function standardFrame(video: Video, size: Size, { areFields = false } = {}): string[] {
  const deinterlace =
    video.interlaced && !(areFields && hasFieldRate(video)) ? ['bwdif=mode=send_frame:deint=interlaced'] : []
  const { matrix, primaries, transfer } = renditionColour(video)
  const label = `setparams=range=tv:color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`
  return [...deinterlace, ...scaled(video, size), 'format=yuv420p', 'setsar=1', label]
}

function scaled(video: Video, size: Size): string[] {
  const conversion = conversionOf(video)
  if (conversion === 'hdr') return toneMapped(video, size)
  if (conversion === 'colour') return [...fitted(size), ...converted(video)]
  // `scale` converts a rare matrix in the same pass.
  return fitted(size, conversion === 'matrix' ? ':out_color_matrix=bt709' : '')
}

/** Relative: sides are rounded to even numbers. */
const SAME_SHAPE = 0.03

/**
 * Scales to this size. Frames of another shape, as in a recorded call whose sender turns the phone, get bars; frames of the
 * shape that was probed fill it exactly.
 */
function fitted({ width, height }: Size, options = ''): string[] {
  const isSame = `lt(abs(dar*${height}/${width}-1),${SAME_SHAPE})`
  const fits = `'if(${isSame},${width},min(${width},2*max(1,round(${height}*dar/2))))'`
  const fitsHigh = `'if(${isSame},${height},min(${height},2*max(1,round(${width}/dar/2))))'`
  return [`scale=w=${fits}:h=${fitsHigh}:eval=frame:out_range=tv${options}`, `pad=${width}:${height}:-1:-1:eval=frame`]
}

/** From other primaries or another transfer to those of the renditions, in linear light. */
function converted(video: Video): string[] {
  const [from, to] = [sourceColour(video), renditionColour(video)]
  const input = `min=${from.matrix}:pin=${from.primaries}:tin=${from.transfer}:rin=tv`
  return [`zscale=${input}:m=gbr:p=${to.primaries}:t=${to.transfer}:r=pc`, ...CLIPPED]
}

/**
 * From RGB to the matrix of renditions. RGB in whole numbers has no negative parts: colours that BT.709 does not have would
 * otherwise be clipped in luma and chroma, where that changes their hue.
 */
const CLIPPED = ['format=gbrp10le', 'scale=out_color_matrix=bt709:out_range=tv']

/**
 * cd/m². The white of paper in PQ and, at 75 % of its signal, in HLG (ITU-R BT.2408 section 2.1): it becomes the white of SDR.
 * Without it, HLG and PQ of one scene would differ in brightness.
 */
const REFERENCE_WHITE = 203
/** cd/m². The peak of the display that HLG is made for, and of most PQ. */
const PEAK = 1000
/**
 * Linear up to this share of white, as BT.2390 is; from there on highlights are compressed so that the peak becomes white.
 */
const KNEE = 0.5

/** Converts PQ or HLG to SDR in BT.709. Scales first, because all later filters work in floating point. */
function toneMapped(video: Video, { width, height }: Size): string[] {
  const { matrix, primaries } = sourceColour(video)
  return [
    // HDR was recognised by its transfer; matrix and primaries are often not declared.
    `setparams=color_primaries=${primaries}:colorspace=${matrix}`,
    `zscale=w=${width}:h=${height}:t=linear:npl=${REFERENCE_WHITE}:p=bt709:m=gbr:r=pc`,
    'format=gbrpf32le',
    `tonemap=tonemap=mobius:param=${KNEE}:peak=${(PEAK / REFERENCE_WHITE).toFixed(4)}:desat=0`,
    'zscale=t=bt709:r=pc',
    ...CLIPPED,
  ]
}
