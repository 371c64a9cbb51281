import { deleteSeen } from '@kinora/common/db'
import type { Context } from '../context.ts'
import { forgetExpiredTokens } from '../repositories/playback-tokens.ts'
import { forgetOldLogs } from '../repositories/task-attempts.ts'
import { forgetOldDeliveries } from '../repositories/webhook-deliveries.ts'

const LOG_DAYS = 30
const INBOX_MS = 14 * 24 * 3600 * 1000

export async function forgetOldRows(ctx: Context): Promise<void> {
  await deleteSeen(ctx.db, new Date(Date.now() - INBOX_MS))
  await forgetExpiredTokens(ctx.db)
  await forgetOldLogs(ctx.db, LOG_DAYS)
  await forgetOldDeliveries(ctx.db)
}
