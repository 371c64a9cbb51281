import { openBubblewrap } from './bubblewrap.ts'
import { openDecoderSandbox } from './decoder-sandbox.ts'
import { openLimits } from './limits-sandbox.ts'
import type { Sandbox } from './sandbox.ts'

export type { Sandbox } from './sandbox.ts'

export interface SandboxSettings {
  /** `auto` takes the strictest that is available; any other value requires that sandbox. */
  wanted: 'auto' | 'bubblewrap' | 'container' | 'none'
  /** Socket of the decoder in the other container; empty when there is no decoder. */
  decoderSocket: string
}

/** Every sandbox that this machine offers without another container; the strictest is last. */
export async function openSandboxes(): Promise<Sandbox[]> {
  const bubblewrap = await openBubblewrap()
  return [await openLimits(), ...(bubblewrap ? [bubblewrap] : [])]
}

/** Rejects when the sandbox that is wanted is not available. */
export async function chooseSandbox({ wanted, decoderSocket }: SandboxSettings): Promise<Sandbox> {
  if (wanted === 'none') return await openLimits()
  const hasDecoder = decoderSocket !== ''
  if (wanted === 'container' || (wanted === 'auto' && hasDecoder)) {
    const sandbox = hasDecoder ? await openDecoderSandbox(decoderSocket) : undefined
    if (sandbox) return sandbox
    if (wanted === 'container')
      throw new Error(`TOOL_SANDBOX=container: no decoder answers at DECODER_SOCKET=${decoderSocket}`)
  }
  const sandbox = await openBubblewrap()
  if (sandbox) return sandbox
  if (wanted === 'bubblewrap') {
    throw new Error(
      'TOOL_SANDBOX=bubblewrap: bwrap is not installed, or this machine does not allow it to create namespaces',
    )
  }
  return await openLimits()
}
