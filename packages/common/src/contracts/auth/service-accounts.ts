import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf } from '../shared.ts'
import { DisplayName, User } from './accounts.ts'
import { ApiKeyId, ApiKeyPage, NewApiKey, ReauthenticatedApiKeyFields } from './api-keys.ts'

const OneAccount = z.strictObject({
  userId: Id.meta({ description: 'Id of the service account', example: '0197a1e4-2b6f-7c08-a5d9-6f1e4c7b3028' }),
})

export const NewServiceAccount = z
  .strictObject({ displayName: DisplayName })
  .meta({ description: 'The service account to create' })

export const ServiceAccountPage = pageOf(User).meta({ description: 'A page of service accounts' })

/** Accounts of programs: they have no password and no sessions, only API keys, which administrators create for them. */
export const serviceAccounts = {
  createServiceAccount: {
    summary: 'Create a service account',
    description: 'An account for programs, without a password; for administrators.',
    input: NewServiceAccount,
    output: User,
    errors: [],
    idempotent: false,
  },
  listServiceAccounts: {
    summary: 'List service accounts',
    description: 'All of them, newest first; for administrators.',
    input: PageQuery,
    output: ServiceAccountPage,
    errors: [],
    idempotent: true,
  },
  createServiceAccountKey: {
    summary: 'Create an API key for a service account',
    description:
      'Only this answer contains the key itself. Needs the password more than 15 minutes after the sign-in. For administrators.',
    input: OneAccount.extend(ReauthenticatedApiKeyFields.shape),
    output: NewApiKey,
    errors: [
      'SERVICE_ACCOUNT_NOT_FOUND',
      'PROJECT_NOT_FOUND',
      'API_KEY_LIMIT_REACHED',
      'ACCOUNT_DISABLED',
      'REAUTHENTICATION_REQUIRED',
      'PASSWORD_WRONG',
      'TOO_BUSY',
    ],
    idempotent: false,
  },
  listServiceAccountKeys: {
    summary: 'List the API keys of a service account',
    description: 'Those that are not revoked, newest first; for administrators.',
    input: PageQuery.extend(OneAccount.shape),
    output: ApiKeyPage,
    errors: ['SERVICE_ACCOUNT_NOT_FOUND'],
    idempotent: true,
  },
  revokeServiceAccountKey: {
    summary: 'Revoke an API key of a service account',
    description: 'The key is refused from the next request on; for administrators.',
    input: OneAccount.extend({ keyId: ApiKeyId }),
    output: Nothing,
    errors: ['SERVICE_ACCOUNT_NOT_FOUND', 'API_KEY_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
