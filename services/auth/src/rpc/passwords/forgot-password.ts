import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { requestMail } from '../../mail/request-mail.ts'

export function forgotPassword(ctx: Context): Handler<typeof auth.forgotPassword> {
  return async ({ email }, call) => {
    await requestMail(ctx, 'reset_password', 'password_forgot', email, call)
    return {}
  }
}
