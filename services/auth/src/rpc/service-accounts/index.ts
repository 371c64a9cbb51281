import type { Context } from '../../context.ts'
import { createServiceAccount } from './create-service-account.ts'
import { createServiceAccountKey } from './create-service-account-key.ts'
import { listServiceAccountKeys } from './list-service-account-keys.ts'
import { listServiceAccounts } from './list-service-accounts.ts'
import { revokeServiceAccountKey } from './revoke-service-account-key.ts'

export const serviceAccounts = (ctx: Context) => ({
  createServiceAccount: createServiceAccount(ctx),
  listServiceAccounts: listServiceAccounts(ctx),
  createServiceAccountKey: createServiceAccountKey(ctx),
  listServiceAccountKeys: listServiceAccountKeys(ctx),
  revokeServiceAccountKey: revokeServiceAccountKey(ctx),
})
