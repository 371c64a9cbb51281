import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing } from '../shared.ts'

/** An HMAC in hexadecimal: auth gets neither the key that a client has chosen nor its request. */
const Digest = z.string().regex(/^[0-9a-f]{64}$/)
/** Base64 of what the gateway has encrypted. */
const Sealed = z.string().max(1_000_000)

/** Requests with an `Idempotency-Key` and their answers, for a day. */
export const idempotency = {
  beginRequest: {
    summary: 'Begin a request with an idempotency key; exactly one of several at the same time begins',
    input: z.strictObject({
      /** The caller and the key. */
      key: Digest,
      /** Method, path and body. */
      fingerprint: Digest,
      /** Names this attempt, so that the same call may be repeated. */
      attempt: Id,
    }),
    output: z.discriminatedUnion('state', [
      z.object({ state: z.literal('begun') }),
      /** Another attempt has the key, and no answer yet. */
      z.object({ state: z.literal('running') }),
      z.object({ state: z.literal('answered'), answer: Sealed }),
      /** The key was used for another request. */
      z.object({ state: z.literal('reused') }),
    ]),
    errors: ['RATE_LIMITED', 'ACCOUNT_ERASED', 'UNAUTHENTICATED'],
    idempotent: true,
  },
  endRequest: {
    summary: 'Keep the answer of a request with an idempotency key; without an answer, free the key',
    input: z.strictObject({ key: Digest, attempt: Id, answer: Sealed.nullable() }),
    output: Nothing,
    errors: ['UNAUTHENTICATED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
