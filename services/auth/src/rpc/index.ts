import type { Handlers } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { accounts } from './accounts/index.ts'
import { administration } from './administration/index.ts'
import { apiKeys } from './api-keys/index.ts'
import { audit } from './audit/index.ts'
import { email } from './email/index.ts'
import { keys } from './keys/index.ts'
import { passkeys } from './passkeys/index.ts'
import { passwords } from './passwords/index.ts'
import { personalData } from './personal-data/index.ts'
import { secondFactor } from './second-factor/index.ts'
import { serviceAccounts } from './service-accounts/index.ts'
import { sessions } from './sessions/index.ts'
import { signingKeys } from './signing-keys/index.ts'

export function handlers(ctx: Context): Handlers<typeof auth> {
  return {
    ...accounts(ctx),
    ...passwords(ctx),
    ...email(ctx),
    ...sessions(ctx),
    ...secondFactor(ctx),
    ...passkeys(ctx),
    ...audit(ctx),
    ...keys(ctx),
    ...apiKeys(ctx),
    ...serviceAccounts(ctx),
    ...administration(ctx),
    ...signingKeys(ctx),
    ...personalData(ctx),
  }
}
