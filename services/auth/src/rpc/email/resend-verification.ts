import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { requestMail } from '../../mail/request-mail.ts'

export function resendVerification(ctx: Context): Handler<typeof auth.resendVerification> {
  return async ({ email }, call) => {
    await requestMail(ctx, 'verify_email', 'email_resend', email, call)
    return {}
  }
}
