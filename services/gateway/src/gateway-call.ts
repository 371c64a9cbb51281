import { randomUUID } from 'node:crypto'
import type { CallOptions } from '@kinora/common/bus'

/** A call that the gateway makes on its own behalf, not for a request. */
export function gatewayCall(): CallOptions {
  return { actor: { kind: 'service', name: 'gateway' }, requestId: randomUUID(), timeoutMs: 3000 }
}
