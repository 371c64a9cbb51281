import type { Context } from '../../context.ts'
import { listAudit } from './list-audit.ts'
import { verifyAudit } from './verify-audit.ts'

export const audit = (ctx: Context) => ({
  listAudit: listAudit(ctx),
  verifyAudit: verifyAudit(ctx),
})
