import type { Context } from '../../context.ts'
import { changePassword } from './change-password.ts'

export const passwords = (ctx: Context) => ({
  changePassword: changePassword(ctx),
})
