import { randomUUID } from 'node:crypto'
import type { CallOptions } from '@kinora/common/bus'
import type { Actor } from '@kinora/common/contract'
import { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Logger } from '@kinora/common/service'
import type { Request } from 'express'
import type { GatewayConfig } from '../config.ts'
import type { Caller } from '../http/admission.ts'
import { problemBody } from '../http/problem.ts'
import type { Rpc } from '../rpc.ts'
import { idempotencyKey } from './key-header.ts'
import { type Answer, requestSealer, type SealedRequest } from './sealed-request.ts'

const RETRY_AFTER_MS = 1000
/** The answer waits for this. */
const END_TIMEOUT_MS = 2000

/** An answer, and whether it is that of an earlier request. */
type OnceAnswer = Answer & { replayed: boolean }

/**
 * Runs `work` for a request whose body was read, once for each `Idempotency-Key` of a caller in a day: the same request gets the
 * same answer again. Auth keeps it, encrypted, so it outlives gateways and Redis. Answers that may be others at the next try are not
 * kept: of 500 and above, and refusals of the caller or of too many requests.
 *
 * Throws what `work` throws, `IDEMPOTENCY_KEY_IN_USE` while the first request has no answer, `IDEMPOTENCY_KEY_REUSED` for another
 * request, and the errors of `auth.beginRequest`.
 */
export type Once = (req: Request, caller: Caller, work: () => Promise<Answer>) => Promise<OnceAnswer>

type OnceConfig = Pick<GatewayConfig, 'CSRF_SECRET' | 'PUBLIC_URL'>

export function onceByKey(rpc: Rpc, config: OnceConfig, logger: Logger): Once {
  const sealRequest = requestSealer(Buffer.from(config.CSRF_SECRET, 'base64'))

  return async (req, caller, work) => {
    const key = idempotencyKey(req.headers)
    if (key === undefined) return { ...(await work()), replayed: false }
    const { call } = caller
    const body: unknown = req.body
    const request = sealRequest(nameOf(call.actor), key, [req.method, req.path, JSON.stringify(body ?? {})])
    const attempt = randomUUID()
    const { name, fingerprint } = request
    const begun = await rpc(auth.beginRequest, { key: name, fingerprint, attempt }, call)
    if (begun.state === 'running') throw new AppError('IDEMPOTENCY_KEY_IN_USE', { retryAfterMs: RETRY_AFTER_MS })
    if (begun.state === 'reused') throw new AppError('IDEMPOTENCY_KEY_REUSED')
    if (begun.state === 'answered') return { ...request.open(begun.answer), replayed: true }
    const answer = await work().catch(async (error: unknown) => {
      await end(request, attempt, refusalOf(error, req, caller, config), call)
      throw error
    })
    await end(request, attempt, answer, call)
    return { ...answer, replayed: false }
  }

  /** Without the answer the key is free again. What was done is done, so a failure here is no failure of the request. */
  async function end(request: SealedRequest, attempt: string, answer: Answer | null, call: CallOptions): Promise<void> {
    const ended = { key: request.name, attempt, answer: answer && request.seal(answer) }
    await rpc(auth.endRequest, ended, { ...call, timeoutMs: END_TIMEOUT_MS }).catch((error: unknown) => {
      logger.warn({ err: error, requestId: call.requestId }, 'the answer to an Idempotency-Key could not be kept')
    })
  }
}

/** An API key may do less than its account, and in one project, so its answers are its own. */
function nameOf(actor: Actor): string {
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  return actor.apiKeyId === undefined ? `user ${actor.userId}` : `key ${actor.apiKeyId}`
}

const NOT_KEPT: readonly number[] = [401, 403, 408, 429]

/** The answer that a repetition gets; null where it shall be tried again. */
function refusalOf(error: unknown, req: Request, { rolesUnknown }: Caller, { PUBLIC_URL }: OnceConfig): Answer | null {
  if (!(error instanceof AppError) || error.status >= 500 || error.retryable) return null
  if (NOT_KEPT.includes(error.status) || (rolesUnknown && error.status === 404)) return null
  return { status: error.status, body: JSON.stringify(problemBody(error, req.id, PUBLIC_URL)) }
}
