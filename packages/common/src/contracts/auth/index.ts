import { defineContract } from '../../contract.ts'
import { accounts } from './accounts.ts'
import { administration } from './administration.ts'
import { apiKeys } from './api-keys.ts'
import { audit } from './audit.ts'
import { idempotency } from './idempotency.ts'
import { invites } from './invites.ts'
import { passkeys } from './passkeys.ts'
import { passwords } from './passwords.ts'
import { personalData } from './personal-data.ts'
import { projects } from './projects.ts'
import { revocations } from './revocations.ts'
import { secondFactor } from './second-factor.ts'
import { serviceAccounts } from './service-accounts.ts'
import { sessions } from './sessions.ts'
import { signingKeys } from './signing-keys.ts'

export * from './accounts.ts'
export * from './administration.ts'
export * from './api-keys.ts'
export * from './audit.ts'
export * from './idempotency.ts'
export * from './invites.ts'
export * from './passkeys.ts'
export * from './passwords.ts'
export * from './personal-data.ts'
export * from './projects.ts'
export * from './revocations.ts'
export * from './second-factor.ts'
export * from './service-accounts.ts'
export * from './sessions.ts'
export * from './signing-keys.ts'

export const auth = defineContract('auth', {
  ...accounts,
  ...passwords,
  ...sessions,
  ...audit,
  ...revocations,
  ...apiKeys,
  ...serviceAccounts,
  ...administration,
  ...invites,
  ...signingKeys,
  ...secondFactor,
  ...passkeys,
  ...personalData,
  ...projects,
  ...idempotency,
})
