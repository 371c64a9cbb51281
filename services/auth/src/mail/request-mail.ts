import type { Call } from '@kinora/common/contract'
import { normaliseEmail } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { AuditAction } from '../repositories/audit.ts'
import type { MailKind } from './letters.ts'

/**
 * A mail to whoever has an address, at anybody's wish. The asker must not learn whether anybody has it: one look-up, one
 * row in the queue and one in the audit log either way; everything else happens when the mail is to be sent.
 */
export async function requestMail(
  ctx: Context,
  kind: MailKind,
  action: AuditAction,
  email: string,
  call: Call,
): Promise<void> {
  const userId = (await ctx.users.byEmail(normaliseEmail(email)))?.id ?? null
  const now = ctx.now()
  await ctx.transact(async (work) => {
    await work.mailQueue.add(kind, userId, call, now)
    await work.audit.record(call, { action, userId }, now)
  })
  ctx.pokeRelay()
}
