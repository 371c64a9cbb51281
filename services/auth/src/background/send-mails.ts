import type { Call } from '@kinora/common/contract'
import type { Context } from '../context.ts'
import type { MailRow } from '../db/schema.ts'
import { SEND_MS } from '../infra/mailer.ts'
import { type RenderedMail, renderQueuedMail } from '../operations/mail.ts'

/** Mails that are sent at the same time, each on its own connection. */
const BATCH = 5
/** For this long no other process takes a claimed mail: enough to render and send it. */
const LEASE_MS = SEND_MS + 15_000
const MAX_AGE_MS = 24 * 3600 * 1000

/** Sends all mails that are due. Several processes may run it at the same time. */
export async function sendMails(ctx: Context, signal?: AbortSignal): Promise<void> {
  let taken: number
  do {
    const mails = await ctx.mailQueue.claim(BATCH, LEASE_MS, ctx.now())
    await Promise.all(mails.map((mail) => send(ctx, mail)))
    taken = mails.length
  } while (taken === BATCH && !signal?.aborted)
}

async function send(ctx: Context, mail: MailRow): Promise<void> {
  try {
    const rendered = await renderQueuedMail(ctx, mail)
    if (rendered) await deliver(ctx, mail, rendered)
    await ctx.mailQueue.remove(mail.id)
  } catch (error) {
    await fail(ctx, mail, error)
  }
}

async function deliver(
  ctx: Context,
  { id, kind, user_id: userId }: MailRow,
  { to, content }: RenderedMail,
): Promise<void> {
  const where = await ctx.mail.mailer.send(id, to, content)
  ctx.metrics.mails.inc({ kind, outcome: 'sent' })
  ctx.logger.info({ mailId: id, kind, userId, where }, 'mail sent')
}

async function fail(ctx: Context, mail: MailRow, error: unknown): Promise<void> {
  const about = { mailId: mail.id, kind: mail.kind, userId: mail.user_id, attempts: mail.attempts, ...describe(error) }
  const age = ctx.now().getTime() - mail.created_at.getTime()
  if (age < MAX_AGE_MS && !isRejectedForGood(error)) {
    await ctx.mailQueue.postpone(mail, ctx.mail.retryMs, ctx.now())
    ctx.metrics.mails.inc({ kind: mail.kind, outcome: 'failed' })
    ctx.logger.warn(about, 'a mail could not be sent and will be tried again')
    return
  }
  await ctx.transact(null, async (work) => {
    await work.mailQueue.remove(mail.id)
    const entry = { action: 'mail_give_up', userId: mail.user_id, failure: 'DEPENDENCY_UNAVAILABLE' } as const
    await work.audit.record(ownCall(mail), entry, ctx.now())
  })
  ctx.metrics.mails.inc({ kind: mail.kind, outcome: 'given_up' })
  ctx.logger.error(about, 'a mail was given up')
}

/** The mailbox does not exist (RFC 5321 section 4.2.1); any other failure, even a wrong password, may be repaired. */
function isRejectedForGood(error: unknown): boolean {
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown }
  return code === 'EENVELOPE' && typeof responseCode === 'number' && responseCode >= 500
}

/** Leaves out the message, because servers repeat addresses in it. */
function describe(error: unknown): { code: unknown; responseCode: unknown; command: unknown } {
  const { code, responseCode, command } = error as Record<string, unknown>
  return { code, responseCode, command }
}

function ownCall(mail: MailRow): Call {
  return { actor: { kind: 'service', name: 'auth' }, requestId: mail.id, timeoutMs: 0 }
}
