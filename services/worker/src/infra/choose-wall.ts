import { openBubblewrap } from './bubblewrap.ts'
import { openDecoderWall } from './decoder-wall.ts'
import { openLimits } from './sandbox.ts'
import type { Wall } from './wall.ts'

export type { Wall } from './wall.ts'

export interface WallSettings {
  /** `auto` takes the best there is; the others allow nothing else. */
  wanted: 'auto' | 'bubblewrap' | 'container' | 'none'
  /** Socket of the decoder in the other container; empty where there is none. */
  decoderSocket: string
}

/** Every wall that this machine offers without another container, the best last. */
export async function openWalls(): Promise<Wall[]> {
  const bubblewrap = await openBubblewrap()
  return [await openLimits(), ...(bubblewrap ? [bubblewrap] : [])]
}

/** Rejects when the wall that is wanted cannot be had. */
export async function chooseWall({ wanted, decoderSocket }: WallSettings): Promise<Wall> {
  if (wanted === 'none') return await openLimits()
  const hasDecoder = decoderSocket !== ''
  if (wanted === 'container' || (wanted === 'auto' && hasDecoder)) {
    const wall = hasDecoder ? await openDecoderWall(decoderSocket) : undefined
    if (wall) return wall
    if (wanted === 'container')
      throw new Error(`TOOL_WALL=container: no decoder answers at DECODER_SOCKET=${decoderSocket}`)
  }
  const wall = await openBubblewrap()
  if (wall) return wall
  if (wanted === 'bubblewrap') {
    throw new Error('TOOL_WALL=bubblewrap: bwrap is not installed, or this machine does not let it make namespaces')
  }
  return await openLimits()
}
