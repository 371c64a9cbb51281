import type { Context } from '../../context.ts'
import { changePassword } from './change-password.ts'
import { forgotPassword } from './forgot-password.ts'
import { resetPassword } from './reset-password.ts'

export const passwords = (ctx: Context) => ({
  changePassword: changePassword(ctx),
  forgotPassword: forgotPassword(ctx),
  resetPassword: resetPassword(ctx),
})
