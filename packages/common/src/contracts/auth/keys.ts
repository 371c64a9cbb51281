import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, Timestamp } from '../shared.ts'
import { RevocationReason } from './sign-out.ts'

/** RFC 7517; EC keys on P-256 only. */
export const Jwk = z.object({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: z.string(),
  y: z.string(),
  kid: z.string(),
  use: z.literal('sig'),
  alg: z.literal('ES256'),
})
export type Jwk = z.infer<typeof Jwk>

/** A key that was retired although tokens signed with it have not expired yet. */
export const RetiredKey = z.object({
  kid: z.string(),
  /** No access token that auth signed with it lives longer than this. */
  expiresAt: Timestamp,
})

/** All that a verifier must know about signing keys. */
export const KeyDocument = z.object({ keys: z.array(Jwk), retired: z.array(RetiredKey).default([]) })
export type KeyDocument = z.infer<typeof KeyDocument>

/**
 * Sessions whose access tokens must be refused, and API keys of which everything known must be forgotten: auth says anew
 * what they are worth. Kept until the last of those tokens has expired.
 */
export const Revocation = z.object({
  sequence: z.number().int(),
  sessionIds: z.array(Id).max(200),
  apiKeyIds: z.array(Id).max(200).default([]),
  reason: RevocationReason,
  /** No access token of these sessions lives longer than this. */
  expiresAt: Timestamp,
})
export type Revocation = z.infer<typeof Revocation>

/** What a gateway needs to judge access tokens by itself. */
export const keys = {
  getJwks: {
    summary: 'The public keys that access tokens are signed with',
    input: Nothing,
    output: KeyDocument,
    errors: [],
    idempotent: true,
  },
  listRevocations: {
    summary: 'All revocations after a sequence number that still matter; for gateways',
    input: z.strictObject({ after: z.number().int().min(0) }),
    output: z.object({ items: z.array(Revocation), more: z.boolean(), sequence: z.number().int() }),
    errors: [],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
