import type { SourceFacts } from '@kinora/common/contracts'
import { needsConversion, renditionColour } from './colour.ts'

/** Filters that turn any decoded source picture (already rotated by ffmpeg) into 8-bit 4:2:0, limited range, square pixels. */
export function standardPicture(video: SourceFacts['video'], size: { width: number; height: number }): string[] {
  const deinterlace = video.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []
  const scale = video.hdr ? toneMapped(size) : [sdrScale(video, size)]
  const { matrix, primaries, transfer } = renditionColour(video)
  const label = `setparams=range=tv:color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`
  return [...deinterlace, ...scale, 'format=yuv420p', 'setsar=1', label]
}

/** Scales, and makes BT.709 of a rare colour matrix in the same pass. */
function sdrScale(video: SourceFacts['video'], { width, height }: { width: number; height: number }): string {
  const convert = needsConversion(video) ? ':out_color_matrix=bt709' : ''
  return `scale=${width}:${height}:out_range=tv${convert}`
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
