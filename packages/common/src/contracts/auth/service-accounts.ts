import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf } from '../shared.ts'
import { DisplayName, User } from './accounts.ts'
import { ApiKey, ApiKeyFields, NewApiKey } from './api-keys.ts'

const OneAccount = z.strictObject({ userId: Id })

/** Accounts of programs: no password, no sessions, only API keys, which administrators make for them. */
export const serviceAccounts = {
  createServiceAccount: {
    summary: 'Make a service account',
    input: z.strictObject({ displayName: DisplayName }),
    output: User,
    errors: [],
    idempotent: false,
  },
  listServiceAccounts: {
    summary: 'All service accounts, newest first',
    input: PageQuery,
    output: pageOf(User),
    errors: [],
    idempotent: true,
  },
  createServiceAccountKey: {
    summary: 'Make an API key for a service account; the answer is the only place where it is shown',
    input: OneAccount.extend(ApiKeyFields.shape),
    output: NewApiKey,
    errors: ['SERVICE_ACCOUNT_NOT_FOUND', 'API_KEY_LIMIT_REACHED', 'ACCOUNT_DISABLED'],
    idempotent: false,
  },
  listServiceAccountKeys: {
    summary: 'The API keys of a service account that were not revoked, newest first',
    input: PageQuery.extend(OneAccount.shape),
    output: pageOf(ApiKey),
    errors: ['SERVICE_ACCOUNT_NOT_FOUND'],
    idempotent: true,
  },
  revokeServiceAccountKey: {
    summary: 'Refuse an API key of a service account from now on',
    input: OneAccount.extend({ keyId: Id }),
    output: Nothing,
    errors: ['SERVICE_ACCOUNT_NOT_FOUND', 'API_KEY_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
