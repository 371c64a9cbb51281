import type { Context } from '../../context.ts'
import { resendVerification } from './resend-verification.ts'
import { verifyEmail } from './verify-email.ts'

export const email = (ctx: Context) => ({
  verifyEmail: verifyEmail(ctx),
  resendVerification: resendVerification(ctx),
})
