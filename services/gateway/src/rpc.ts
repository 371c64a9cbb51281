import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus, CallOptions } from '@kinora/common/bus'
import type { Input, Method, Output } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'

export type Rpc = <M extends Method>(method: M, input: Input<M>, call: CallOptions) => Promise<Output<M>>
/** A call whose output is passed on as it came: JSON that nobody here looks into is neither parsed nor written again. */
export type Relay = (method: Method, input: unknown, call: CallOptions) => Promise<Buffer>

const TIMEOUT_MS = 5000
/** Long enough for a connection that was just lost to be back (see bus/backoff.ts), too short for anybody to notice. */
const PAUSE_MS = 200

export function retryingRpc(bus: Bus): Rpc {
  return (method, input, call) => retrying(method, call, (once) => bus.call(method, input, once))
}

export function retryingRelay(bus: Bus): Relay {
  return (method, input, call) => retrying(method, call, (once) => bus.callForJson(method, input, once))
}

/**
 * Calls a service; what may run twice without harm is tried once more when the connection broke meanwhile. The second
 * try gets what is left of the deadline. Nothing else is sent twice: where there is no connection the answer is at once.
 */
async function retrying<T>(method: Method, call: CallOptions, send: (call: CallOptions) => Promise<T>): Promise<T> {
  const timeoutMs = call.timeoutMs ?? TIMEOUT_MS
  const deadline = performance.now() + timeoutMs
  try {
    return await send({ ...call, timeoutMs })
  } catch (error) {
    const leftMs = deadline - performance.now() - PAUSE_MS
    if (!method.idempotent || !wasCutOff(error) || leftMs <= 0) throw error
    await sleep(PAUSE_MS)
    return await send({ ...call, timeoutMs: Math.floor(leftMs) })
  }
}

function wasCutOff(error: unknown): boolean {
  return error instanceof AppError && error.code === 'CONNECTION_LOST'
}

/** A call that the gateway makes on its own behalf, not for a request. */
export function gatewayCall(): CallOptions {
  return { actor: { kind: 'service', name: 'gateway' }, requestId: randomUUID(), timeoutMs: 3000 }
}
