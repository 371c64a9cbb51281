import type { Handler, Output } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { signedInOrByKey } from './guards.ts'

const KEEP_MS = 24 * 3600 * 1000
/** Longer than a gateway waits for the answer of a service. A key is free after that if the gateway has died. */
const HOLD_MS = 60_000
/** Keys of one account, so that a faulty program does not fill the database. */
const MAX_KEYS = 10_000
const FULL = 'Too many idempotency keys in a day'
const RETRY_AFTER_MS = 60_000

export function beginRequest(ctx: Context): Handler<typeof auth.beginRequest> {
  return signedInOrByKey<typeof auth.beginRequest>(async ({ key, fingerprint, attempt }, { userId }) => {
    const now = ctx.now()
    const id = Buffer.from(key, 'hex')
    const request = { id, user_id: userId, fingerprint: Buffer.from(fingerprint, 'hex'), attempt }
    const until = { held_until: new Date(now.getTime() + HOLD_MS), expires_at: new Date(now.getTime() + KEEP_MS) }
    const take = () => ctx.idempotencyKeys.take({ ...request, ...until }, MAX_KEYS, now)
    if (await take()) return { state: 'begun' }
    const present = await ctx.idempotencyKeys.byId(id)
    if (present) return stateOf(present, request.fingerprint)
    // It may have been freed a moment ago.
    if (await take()) return { state: 'begun' }
    if (!(await ctx.users.byId(userId))) throw new AppError('ACCOUNT_ERASED')
    throw new AppError('RATE_LIMITED', { detail: FULL, retryAfterMs: RETRY_AFTER_MS })
  })
}

function stateOf(
  present: { fingerprint: Buffer; answer: Buffer | null },
  fingerprint: Buffer,
): Output<typeof auth.beginRequest> {
  if (!present.fingerprint.equals(fingerprint)) return { state: 'reused' }
  if (!present.answer) return { state: 'running' }
  return { state: 'answered', answer: present.answer.toString('base64') }
}

export function endRequest(ctx: Context): Handler<typeof auth.endRequest> {
  return signedInOrByKey<typeof auth.endRequest>(async ({ key, attempt, answer }) => {
    const id = Buffer.from(key, 'hex')
    if (answer === null) await ctx.idempotencyKeys.free(id, attempt)
    else await ctx.idempotencyKeys.setAnswer(id, attempt, Buffer.from(answer, 'base64'))
    return {}
  })
}
