import type { SourceFacts } from '@kinora/common/contracts'

/** From this many lines on, a picture that does not name its colour matrix is BT.709; below it is BT.601. */
const HD_LINES = 720

/** After the scaler: 8-bit 4:2:0 in square pixels, labelled BT.709 limited range. */
const STANDARD_PICTURE = [
  'format=yuv420p',
  'setsar=1',
  'setparams=range=tv:color_primaries=bt709:color_trc=bt709:colorspace=bt709',
]

/** Filters that turn any decoded source picture (already rotated by ffmpeg) into a standard one of the given size. */
export function standardPicture(video: SourceFacts['video'], size: { width: number; height: number }): string[] {
  const deinterlace = video.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []
  const scale = video.hdr ? toneMapped(size) : [sdrScale(video, size)]
  return [...deinterlace, ...scale, ...STANDARD_PICTURE]
}

/** Scaling and the change to BT.709 in one pass. */
function sdrScale({ colorMatrix, height, width }: SourceFacts['video'], to: { width: number; height: number }): string {
  const untagged = Math.min(height, width) >= HD_LINES ? ':in_color_matrix=bt709' : ':in_color_matrix=bt601'
  return `scale=${to.width}:${to.height}:out_color_matrix=bt709:out_range=tv${colorMatrix ? '' : untagged}`
}

/** PQ or HLG in BT.2020 to SDR in BT.709. Scaled first, because everything after is floating point. */
function toneMapped({ width, height }: { width: number; height: number }): string[] {
  return [
    // Transfer is what told us that this is HDR; matrix and primaries are often left unsaid.
    'setparams=color_primaries=bt2020:colorspace=bt2020nc',
    `zscale=w=${width}:h=${height}:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:r=tv',
  ]
}
