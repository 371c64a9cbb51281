import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, Timestamp } from '../shared.ts'
import { RevocationReason } from './sign-out.ts'

export const Jwk = z
  .object({
    kty: z.literal('EC').meta({ description: 'Key type: elliptic curve', example: 'EC' }),
    crv: z.literal('P-256').meta({ description: 'Curve', example: 'P-256' }),
    x: z.string().meta({ description: 'X coordinate of the public point, base64url', example: 'example-x-coordinate' }),
    y: z.string().meta({ description: 'Y coordinate of the public point, base64url', example: 'example-y-coordinate' }),
    kid: z
      .string()
      .meta({ description: 'Id of the key, as in the header of the tokens it signs', example: 'example-kid' }),
    use: z.literal('sig').meta({ description: 'Use of the key: signatures', example: 'sig' }),
    alg: z.literal('ES256').meta({ description: 'Signature algorithm', example: 'ES256' }),
  })
  .meta({ description: 'A public key that verifies access tokens (RFC 7517)' })
export type Jwk = z.infer<typeof Jwk>

/** A key that was retired before the last token it signed has expired. */
export const RetiredKey = z.object({
  kid: z.string().meta({ description: 'Id of the retired key', example: 'example-retired-kid' }),
  expiresAt: Timestamp.meta({
    description: 'Time by which every access token that auth signed with the key has expired, ISO 8601 UTC',
    example: '2026-01-15T10:30:00.000Z',
  }),
})

/** Everything a verifier must know about signing keys. */
export const KeyDocument = z.object({
  keys: z.array(Jwk).meta({
    description: 'Public keys whose tokens are accepted',
    example: [
      {
        kty: 'EC',
        crv: 'P-256',
        x: 'example-x-coordinate',
        y: 'example-y-coordinate',
        kid: 'example-kid',
        use: 'sig',
        alg: 'ES256',
      },
    ],
  }),
  retired: z
    .array(RetiredKey)
    .default([])
    .meta({ description: 'Keys whose unexpired tokens must be refused', example: [] }),
})
export type KeyDocument = z.infer<typeof KeyDocument>

/**
 * Sessions whose access tokens must be refused, and API keys whose cached answers must be dropped, so that the next
 * request asks auth. A revocation is kept until the last of those tokens has expired.
 */
export const Revocation = z.object({
  sequence: z.number().int().meta({ description: 'Number of the revocation, ascending', example: 42 }),
  sessionIds: z
    .array(Id)
    .max(200)
    .meta({
      description: 'Sessions whose access tokens must be refused, at most 200',
      example: ['0197a1e0-1f34-7b21-8c66-52d0e9b3a7f4'],
    }),
  apiKeyIds: z
    .array(Id)
    .max(200)
    .default([])
    .meta({ description: 'API keys whose cached answers must be dropped, at most 200', example: [] }),
  reason: RevocationReason,
  expiresAt: Timestamp.meta({
    description: 'Time by which every access token of these sessions has expired, ISO 8601 UTC',
    example: '2026-01-15T10:30:00.000Z',
  }),
})
export type Revocation = z.infer<typeof Revocation>

/** What a gateway needs to judge access tokens by itself. */
export const keys = {
  getJwks: {
    summary: 'Get the public keys that verify access tokens',
    input: Nothing,
    output: KeyDocument,
    errors: [],
    idempotent: true,
  },
  listRevocations: {
    summary: 'List the revocations after a sequence number that still matter; for gateways',
    input: z.strictObject({
      after: z.number().int().min(0).meta({
        description: 'Number of the last revocation the caller knows; 0 for all',
        example: 41,
      }),
    }),
    output: z.object({
      items: z.array(Revocation).meta({ description: 'Revocations in ascending order', example: [] }),
      more: z.boolean().meta({ description: 'True if there are further revocations', example: false }),
      sequence: z.number().int().meta({ description: 'Number to send as `after` next time', example: 42 }),
    }),
    errors: [],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
