import type { SourceFacts } from '@kinora/common/contracts'
import { needsConversion, renditionColour } from '../domain/colour.ts'

/** Filters that convert any decoded source frame (already rotated by ffmpeg) to 8-bit 4:2:0, limited range, square pixels. */
export function standardFrame(video: SourceFacts['video'], size: { width: number; height: number }): string[] {
  const deinterlace = video.interlaced ? ['bwdif=mode=send_frame:deint=interlaced'] : []
  const scale = video.hdr ? toneMapped(size) : [sdrScale(video, size)]
  const { matrix, primaries, transfer } = renditionColour(video)
  const label = `setparams=range=tv:color_primaries=${primaries}:color_trc=${transfer}:colorspace=${matrix}`
  return [...deinterlace, ...scale, 'format=yuv420p', 'setsar=1', label]
}

/** Scales, and converts a rare colour matrix to BT.709 in the same pass. */
function sdrScale(video: SourceFacts['video'], { width, height }: { width: number; height: number }): string {
  const convert = needsConversion(video) ? ':out_color_matrix=bt709' : ''
  return `scale=${width}:${height}:out_range=tv${convert}`
}

/** Converts PQ or HLG in BT.2020 to SDR in BT.709. Scales first, because all later filters work in floating point. */
function toneMapped({ width, height }: { width: number; height: number }): string[] {
  return [
    // HDR was recognised by its transfer; matrix and primaries are often not declared.
    'setparams=color_primaries=bt2020:colorspace=bt2020nc',
    `zscale=w=${width}:h=${height}:t=linear:npl=100`,
    'format=gbrpf32le',
    'zscale=p=bt709',
    'tonemap=tonemap=hable:desat=0',
    'zscale=t=bt709:m=bt709:r=tv',
  ]
}
