import { randomUUID } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Bus, CallOptions } from '@kinora/common/bus'
import type { Input, Method, Output } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'

export type Rpc = <M extends Method>(method: M, input: Input<M>, call: CallOptions) => Promise<Output<M>>
/** A call whose output stays the JSON bytes that the service sent: the gateway neither parses nor serialises it. */
export type Relay = (method: Method, input: unknown, call: CallOptions) => Promise<Buffer>

const TIMEOUT_MS = 5000
/** Long enough for a lost connection to be restored (see bus/backoff.ts), too short for a caller to notice. */
const PAUSE_MS = 200

export function retryingRpc(bus: Bus): Rpc {
  return (method, input, call) => retrying(method, call, (once) => bus.call(method, input, once))
}

export function retryingRelay(bus: Bus): Relay {
  return (method, input, call) => retrying(method, call, (once) => bus.callForJson(method, input, once))
}

/**
 * Sends a call, and sends an idempotent one a second time if the connection broke during the first. The second try gets
 * the rest of the deadline. All other errors are thrown at once, also that there is no connection.
 */
async function retrying<T>(method: Method, call: CallOptions, send: (call: CallOptions) => Promise<T>): Promise<T> {
  const timeoutMs = call.timeoutMs ?? TIMEOUT_MS
  const deadline = performance.now() + timeoutMs
  try {
    return await send({ ...call, timeoutMs })
  } catch (error) {
    const leftMs = deadline - performance.now() - PAUSE_MS
    if (!method.idempotent || !isConnectionLost(error) || leftMs <= 0) throw error
    await sleep(PAUSE_MS)
    return await send({ ...call, timeoutMs: Math.floor(leftMs) })
  }
}

function isConnectionLost(error: unknown): boolean {
  return error instanceof AppError && error.code === 'CONNECTION_LOST'
}

/** Options of a call that the gateway makes for itself, not for a request: 3 seconds, a new request id. */
export function gatewayCall(): CallOptions {
  return { actor: { kind: 'service', name: 'gateway' }, requestId: randomUUID(), timeoutMs: 3000 }
}

/** Whether media, its database or the broker is down; every other error is an answer. */
export function isAway(error: unknown): boolean {
  return error instanceof AppError && error.status >= 502
}

/** Rejects with `TIMEOUT` if the answer takes longer; it may still arrive, and is kept then. */
export async function within<T>(ms: number, answer: Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new AppError('TIMEOUT')), ms)
  })
  return await Promise.race([answer, late]).finally(() => clearTimeout(timer))
}
