import type { Call, Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { eraseAccount } from '../../erasure/erase-account.ts'
import { confirmPassword } from '../../passwords/confirm-password.ts'
import { withPasswordAndCode } from '../../second-factor/with-password-and-code.ts'
import { noSuchUser, signedIn } from '../signed-in.ts'

const CONFIRM = 'account_erase_confirm'

export function eraseMe(ctx: Context): Handler<typeof auth.eraseMe> {
  return signedIn<typeof auth.eraseMe>(async ({ password, code }, { userId }, call) => {
    if (code === undefined) await confirmByPassword(ctx, userId, password, call)
    else await withPasswordAndCode(ctx, { userId, action: CONFIRM }, { password, code }, call, async () => {})
    if (!(await eraseAccount(ctx, userId, call))) noSuchUser()
    return {}
  })
}

async function confirmByPassword(ctx: Context, userId: string, password: string, call: Call): Promise<void> {
  await confirmPassword(ctx, userId, password, CONFIRM, call)
  const user = (await ctx.users.byId(userId)) ?? noSuchUser()
  if (user.mfa_enabled_at) throw new AppError('MFA_CODE_REQUIRED')
}
