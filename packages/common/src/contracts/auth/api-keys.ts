import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { CurrentPassword } from './accounts.ts'
import { ProjectRole } from './projects.ts'

/** Everything an API key can be allowed to do; a session may do all that the role of its account allows. */
export const Scope = z.enum([
  'videos:read',
  'videos:write',
  'playback:write',
  'playback-keys:write',
  'webhooks:read',
  'webhooks:write',
  'account:read',
  'admin',
])
export type Scope = z.infer<typeof Scope>

export const ApiKeyId = Id.meta({ description: 'Id of the API key', example: '0197a1e2-7d10-7f5e-b0a4-3e8c91d2f605' })

export const ApiKey = z
  .object({
    id: ApiKeyId,
    projectId: Id.meta({ description: 'Id of the project that the key reaches; it reaches no other' }),
    ownerId: Id.meta({ description: 'Id of the account that created the key and that it acts for' }),
    name: z.string().meta({ description: 'Name that was chosen when the key was created', example: 'Nightly import' }),
    prefix: z
      .string()
      .meta({ description: 'First 8 characters of the key, to tell it from others', example: 'knr_EXAM' }),
    scopes: z
      .array(Scope)
      .meta({ description: 'What the key is allowed to do', example: ['videos:read', 'videos:write'] }),
    ratePerMinute: z.number().int().nullable().meta({
      description: 'Requests the key may make per minute; null if only the limits of the installation apply',
      example: 600,
    }),
    createdAt: Timestamp.meta({
      description: 'Time the key was created, ISO 8601 UTC',
      example: '2026-01-15T09:30:00.000Z',
    }),
    expiresAt: Timestamp.nullable().meta({
      description: 'Time the key expires, ISO 8601 UTC; null if it does not expire',
      example: '2027-01-15T00:00:00.000Z',
    }),
    lastUsedAt: Timestamp.nullable().meta({
      description: 'Time the key was last used, to the minute, ISO 8601 UTC; null if it was never used',
      example: '2026-01-16T18:05:00.000Z',
    }),
  })
  .meta({ description: 'An API key, without the key itself' })
export type ApiKey = z.infer<typeof ApiKey>

export const ApiKeyPage = pageOf(ApiKey).meta({ description: 'A page of API keys' })

export const NewApiKey = ApiKey.extend({
  key: z.string().meta({
    description: 'The key itself, to send as `Authorization: Bearer`. It cannot be shown again.',
    example: 'knr_EXAMPLE',
  }),
}).meta({ description: 'A new API key: the only answer that contains the key itself' })
export type NewApiKey = z.infer<typeof NewApiKey>

export const ApiKeyFields = z
  .strictObject({
    name: z.string().trim().min(1).max(100).regex(NO_CONTROL).meta({
      description: 'Name that tells the key from others, 1 to 100 characters without control characters',
      example: 'Nightly import',
    }),
    scopes: z
      .array(Scope)
      .min(1)
      .max(Scope.options.length)
      .refine((scopes) => new Set(scopes).size === scopes.length, 'has a scope twice')
      .meta({
        description: 'What the key is allowed to do: at least one scope, each at most once',
        example: ['videos:read', 'videos:write'],
      }),
    expiresAt: Timestamp.optional().meta({
      description: 'Time the key expires, ISO 8601 UTC. Without it the key does not expire.',
      example: '2027-01-15T00:00:00.000Z',
    }),
    projectId: Id.optional().meta({
      description: 'Id of the project that the key is for. Without it the personal project of the account.',
    }),
    ratePerMinute: z.number().int().min(1).max(1_000_000).optional().meta({
      description:
        'Requests the key may make per minute, 1 to 1,000,000. Without it only the limits of the installation apply.',
      example: 600,
    }),
  })
  .meta({ description: 'The API key to create' })
export type ApiKeyFields = z.infer<typeof ApiKeyFields>

/** A key outlives the session that creates it, so a stolen access token alone must not be enough. */
export const ReauthenticatedApiKeyFields = ApiKeyFields.extend({
  password: CurrentPassword.optional().meta({
    description:
      'Current password of the caller, at most 256 characters. Required more than 15 minutes after the sign-in.',
    example: 'an example passphrase',
  }),
}).meta({ description: 'The API key to create' })

export const RevokeApiKeys = z.boolean().optional().meta({
  description: 'True also revokes all API keys of the account. They remain valid if omitted.',
  example: true,
})

/** What a gateway must know about a key to admit a request. */
export const ResolvedApiKey = z.object({
  id: ApiKeyId,
  userId: Id.meta({
    description: 'Id of the account that the key acts for',
    example: '0197a1de-5c52-7a3c-9d5b-0c1f6e7a8b90',
  }),
  projectId: ApiKey.shape.projectId,
  projectRole: ProjectRole.meta({ description: 'Role of that account in the project of the key', example: 'editor' }),
  role: z.enum(['user', 'admin']).meta({
    description: '`admin` only if the key has the scope `admin` and its owner is an administrator',
    example: 'user',
  }),
  scopes: ApiKey.shape.scopes,
  ratePerMinute: ApiKey.shape.ratePerMinute,
  expiresAt: ApiKey.shape.expiresAt,
})
export type ResolvedApiKey = z.infer<typeof ResolvedApiKey>

/** Keys with which programs act for an account. */
export const apiKeys = {
  listApiKeys: {
    summary: 'List API keys',
    description:
      'Keys that are not revoked, newest first: those that the caller created, in every project, or with `projectId` all keys of that project, for its admins.',
    input: PageQuery.extend({
      projectId: Id.optional().meta({ description: 'Only the keys of this project, whoever created them' }),
    }),
    output: ApiKeyPage,
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
  },
  createApiKey: {
    summary: 'Create an API key',
    description: 'Only this answer contains the key itself. Needs the password more than 15 minutes after the sign-in.',
    input: ReauthenticatedApiKeyFields,
    output: NewApiKey,
    errors: [
      'FORBIDDEN',
      'PROJECT_NOT_FOUND',
      'API_KEY_LIMIT_REACHED',
      'ACCOUNT_DISABLED',
      'REAUTHENTICATION_REQUIRED',
      'PASSWORD_WRONG',
      'TOO_BUSY',
    ],
    idempotent: false,
  },
  revokeApiKey: {
    summary: 'Revoke an API key',
    description:
      'The key is refused from the next request on. For the account that created it and for admins of its project.',
    input: z.strictObject({ keyId: ApiKeyId }),
    output: Nothing,
    errors: ['API_KEY_NOT_FOUND'],
    idempotent: true,
  },
  resolveApiKey: {
    summary: 'Look up the account and scopes of an API key; for gateways',
    input: z.strictObject({
      digest: z
        .string()
        .regex(/^[\w-]{43}$/)
        .meta({
          description: 'SHA-256 of the key in base64url: 43 characters',
          example: 'example-digest-example-digest-example-diges',
        }),
    }),
    output: ResolvedApiKey,
    errors: ['API_KEY_INVALID', 'API_KEY_EXPIRED', 'API_KEY_REVOKED', 'ACCOUNT_DISABLED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
