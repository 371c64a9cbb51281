import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { InProject } from './video.ts'

/** The algorithms of JOSE that playback keys have: ECDSA on P-256, and Ed25519. A key has one for good. */
export const PlaybackKeyAlgorithm = z.enum(['ES256', 'EdDSA'])
export type PlaybackKeyAlgorithm = z.infer<typeof PlaybackKeyAlgorithm>

const PEM_EXAMPLE = `-----BEGIN PUBLIC KEY-----
MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEKZTxDUr3GgxRzgt29UMKBsUQcsSa
rkkzmdvlruPuObqnya4dWdaXGL2QKCEp1GdF6+gqmlP/8fophY9krYzEKA==
-----END PUBLIC KEY-----
`

/** What signatures are checked with. */
export const SigningPublicKey = z.object({
  algorithm: PlaybackKeyAlgorithm.meta({
    description: 'What the header `alg` of its tokens must be. ES256: ECDSA on P-256. EdDSA: Ed25519.',
    example: 'ES256',
  }),
  publicKey: z.string().meta({ description: 'The public key: SPKI in PEM.', example: PEM_EXAMPLE }),
})
export type SigningPublicKey = z.infer<typeof SigningPublicKey>

export const PlaybackKey = z.object({
  id: Id.meta({ description: 'Id of the key: `kid` or `iss` of its tokens.' }),
  projectId: Id.meta({ description: 'Id of the project whose videos its tokens play.' }),
  ownerId: Id.meta({ description: 'Id of the account that registered the key.' }),
  name: z.string().nullable().meta({ description: 'Name of the key; null without one.', example: 'Web site' }),
  ...SigningPublicKey.shape,
  createdAt: Timestamp.meta({ description: 'When it was registered (UTC).' }),
})
export type PlaybackKey = z.infer<typeof PlaybackKey>

/** The only answer that may contain a private key. */
export const NewPlaybackKey = PlaybackKey.extend({
  privateKey: z.string().optional().meta({
    description:
      'The private key: PKCS #8 in PEM. Only in the answer to a request without `publicKey`; Kinora does not store it.',
    example: '-----BEGIN PRIVATE KEY-----\nMIGHAgEA…\n-----END PRIVATE KEY-----\n',
  }),
})

const Coordinate = z
  .string()
  .max(100)
  .regex(/^[\w-]+$/)
/** Names that libraries add are taken; `d`, the private half, is refused. */
export const PublicJwk = z
  .strictObject({
    kty: z.enum(['EC', 'OKP']).meta({ description: 'EC for P-256, OKP for Ed25519.', example: 'EC' }),
    crv: z.enum(['P-256', 'Ed25519']).meta({ description: 'Curve of the key.', example: 'P-256' }),
    x: Coordinate.meta({
      description: 'Coordinate, in base64url.',
      example: 'KZTxDUr3GgxRzgt29UMKBsUQcsSarkkzmdvlruPuObo',
    }),
    y: Coordinate.optional().meta({
      description: 'Second coordinate of a key on P-256, in base64url.',
      example: 'p8muHVnWlxi9kCghKdRnRevoKppT__H6KYWPZK2MxCg',
    }),
    alg: z.string().max(20).optional().meta({ description: 'Ignored: the curve decides.', example: 'ES256' }),
    use: z.string().max(20).optional().meta({ description: 'Ignored.', example: 'sig' }),
    kid: z.string().max(200).optional().meta({ description: 'Ignored: the key gets an id.', example: 'my-key' }),
    key_ops: z
      .array(z.string().max(20))
      .max(10)
      .optional()
      .meta({ description: 'Ignored.', example: ['verify'] }),
    ext: z.boolean().optional().meta({ description: 'Ignored.', example: true }),
  })
  .meta({ description: 'A public key as a JWK (RFC 7517).' })
export type PublicJwk = z.infer<typeof PublicJwk>

const OnePlaybackKey = z.strictObject({ playbackKeyId: Id.meta({ description: 'Id of the playback key.' }) })

/** Keys with which the servers of customers sign playback tokens. */
export const playbackKeys = {
  createPlaybackKey: {
    summary: 'Register a playback key',
    description:
      'With it a server of yours signs tokens that play the videos of the project, without a call per viewer. Without `publicKey` a pair for ES256 is made, and the answer has the private key, this once. A project has at most 20.',
    input: z.strictObject({
      projectId: InProject,
      name: z.string().trim().min(1).max(100).regex(NO_CONTROL).optional().meta({
        description: 'Name that tells the key from others, 1 to 100 characters.',
        example: 'Web site',
      }),
      publicKey: z
        .union(
          [z.string().min(1).max(1000).meta({ description: 'SPKI in PEM.', example: PEM_EXAMPLE }), PublicJwk],
          'must be a public key in PEM (SPKI), or a JWK without private parts',
        )
        .optional()
        .meta({
          description: 'The public key, on P-256 or Ed25519: SPKI in PEM, or a JWK.',
          example: PEM_EXAMPLE,
        }),
    }),
    output: NewPlaybackKey,
    errors: ['PROJECT_NOT_FOUND', 'PLAYBACK_KEY_LIMIT_REACHED', 'ACCOUNT_ERASED'],
    idempotent: false,
  },
  listPlaybackKeys: {
    summary: 'List playback keys',
    description: 'The keys of a project that are not retired, newest first.',
    input: PageQuery.extend({ projectId: InProject }),
    output: pageOf(PlaybackKey),
    errors: ['PROJECT_NOT_FOUND', 'VALIDATION_FAILED'],
    idempotent: true,
  },
  retirePlaybackKey: {
    summary: 'Retire a playback key',
    description: 'All tokens that it has signed are refused within a second. A retired key does not come back.',
    input: OnePlaybackKey,
    output: Nothing,
    errors: ['PLAYBACK_KEY_NOT_FOUND'],
    idempotent: true,
  },
  getPlaybackKey: {
    summary: 'Get what the tokens of a playback key are checked with; for gateways',
    input: OnePlaybackKey,
    output: PlaybackKey.pick({ id: true, projectId: true, algorithm: true, publicKey: true }),
    errors: ['PLAYBACK_KEY_NOT_FOUND', 'FORBIDDEN'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
