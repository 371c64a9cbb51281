import type { Context } from '../../context.ts'
import { eraseMe } from './erase-me.ts'
import { exportAccount } from './export-account.ts'

export const personalData = (ctx: Context) => ({
  exportAccount: exportAccount(ctx),
  eraseMe: eraseMe(ctx),
})
