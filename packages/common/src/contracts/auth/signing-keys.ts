import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { NO_CONTROL, Nothing, Timestamp } from '../shared.ts'

export const KeyStage = z.enum(['next', 'current', 'previous', 'retired']).meta({
  description:
    '`next`: published, but does not sign yet. `current`: signs. `previous`: only verifies. `retired`: withdrawn in an emergency; everything it signed is refused.',
  example: 'current',
})
export type KeyStage = z.infer<typeof KeyStage>

export const SigningKeyInfo = z.object({
  kid: z
    .string()
    .meta({ description: 'Id of the key, as in the header of the tokens it signs', example: 'example-kid' }),
  stage: KeyStage,
  createdAt: Timestamp.meta({
    description: 'Time the key was created, ISO 8601 UTC',
    example: '2026-01-01T00:00:00.000Z',
  }),
  currentSince: Timestamp.nullable().meta({
    description: 'Time the key began to sign, ISO 8601 UTC; null if it never signed',
    example: '2026-01-31T00:00:00.000Z',
  }),
  expiresAt: Timestamp.nullable().meta({
    description:
      'Time the last access token signed with the key will have expired, ISO 8601 UTC; null while the key may sign',
    example: null,
  }),
  retireReason: z
    .string()
    .nullable()
    .meta({ description: 'Reason given when the key was retired; null if it was not retired', example: null }),
})
export type SigningKeyInfo = z.infer<typeof SigningKeyInfo>

const SigningKeys = z.object({
  keys: z.array(SigningKeyInfo).meta({
    description: 'All signing keys that are kept',
    example: [
      {
        kid: 'example-kid',
        stage: 'current',
        createdAt: '2026-01-01T00:00:00.000Z',
        currentSince: '2026-01-31T00:00:00.000Z',
        expiresAt: null,
        retireReason: null,
      },
    ],
  }),
})

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

/** The keys that sign access tokens: the public ones for everybody, and their rotation for operators of the installation. */
export const signingKeys = {
  getJwks: {
    summary: 'Get the public keys that verify access tokens',
    input: Nothing,
    output: KeyDocument,
    errors: [],
    idempotent: true,
  },
  listKeys: {
    summary: 'List all signing keys and their stages; for operators',
    input: Nothing,
    output: SigningKeys,
    errors: ['FORBIDDEN'],
    idempotent: true,
    callers: ['operator'],
  },
  rotateKeys: {
    summary: 'Rotate to the next signing key; tokens of the current key remain valid; for operators',
    input: Nothing,
    output: SigningKeys,
    errors: ['FORBIDDEN', 'KEY_TOO_NEW'],
    // A second call would rotate a second time.
    idempotent: false,
    callers: ['operator'],
  },
  retireKey: {
    summary: 'Retire a signing key in an emergency and refuse its tokens at once; for operators',
    input: z.strictObject({
      kid: z
        .string()
        .min(1)
        .max(100)
        .meta({ description: 'Id of the key to retire, at most 100 characters', example: 'example-kid' }),
      reason: z.string().trim().min(1).max(200).regex(NO_CONTROL).meta({
        description: 'Why the key is retired, 1 to 200 characters without control characters',
        example: 'The database backup leaked',
      }),
    }),
    output: SigningKeys,
    errors: ['FORBIDDEN', 'KEY_NOT_FOUND'],
    idempotent: true,
    callers: ['operator'],
  },
} as const satisfies Record<string, MethodSpec>
