import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'

/** Everything that an API key can be allowed; a person's own session may do all that their role may. */
export const Scope = z.enum([
  'videos:read',
  'videos:write',
  'playback:write',
  'webhooks:read',
  'webhooks:write',
  'account:read',
  'admin',
])
export type Scope = z.infer<typeof Scope>

export const ApiKey = z.object({
  id: Id,
  name: z.string(),
  /** How the key begins, to tell it from others. */
  prefix: z.string(),
  scopes: z.array(Scope),
  /** Requests; null where only the installation's limit holds. */
  ratePerMinute: z.number().int().nullable(),
  createdAt: Timestamp,
  expiresAt: Timestamp.nullable(),
  /** To the minute. */
  lastUsedAt: Timestamp.nullable(),
})
export type ApiKey = z.infer<typeof ApiKey>

/** The only answer that has the key itself. */
export const NewApiKey = ApiKey.extend({ key: z.string() })
export type NewApiKey = z.infer<typeof NewApiKey>

export const ApiKeyFields = z.strictObject({
  name: z.string().trim().min(1).max(100).regex(NO_CONTROL),
  scopes: z
    .array(Scope)
    .min(1)
    .max(Scope.options.length)
    .refine((scopes) => new Set(scopes).size === scopes.length, 'has a scope twice'),
  expiresAt: Timestamp.optional(),
  ratePerMinute: z.number().int().min(1).max(1_000_000).optional(),
})
export type ApiKeyFields = z.infer<typeof ApiKeyFields>

/** What a gateway must know of a key to let it in. */
export const ResolvedApiKey = z.object({
  id: Id,
  userId: Id,
  /** `admin` only for a key with that scope whose owner is one. */
  role: z.enum(['user', 'admin']),
  scopes: z.array(Scope),
  ratePerMinute: z.number().int().nullable(),
  expiresAt: Timestamp.nullable(),
})
export type ResolvedApiKey = z.infer<typeof ResolvedApiKey>

/** Keys with which programs act for an account. */
export const apiKeys = {
  listApiKeys: {
    summary: 'The API keys of this account that were not revoked, newest first',
    input: PageQuery,
    output: pageOf(ApiKey),
    errors: [],
    idempotent: true,
  },
  createApiKey: {
    summary: 'Make an API key; the answer is the only place where it is shown',
    input: ApiKeyFields,
    output: NewApiKey,
    errors: ['API_KEY_LIMIT_REACHED', 'ACCOUNT_DISABLED'],
    idempotent: false,
  },
  revokeApiKey: {
    summary: 'Refuse an API key of this account from now on',
    input: z.strictObject({ keyId: Id }),
    output: Nothing,
    errors: ['API_KEY_NOT_FOUND'],
    idempotent: true,
  },
  resolveApiKey: {
    summary: 'Whose key this is and what it may do; for gateways',
    input: z.strictObject({ digest: z.string().regex(/^[\w-]{43}$/) }),
    output: ResolvedApiKey,
    errors: ['API_KEY_INVALID', 'API_KEY_EXPIRED', 'API_KEY_REVOKED', 'ACCOUNT_DISABLED'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
