import type { Call } from '@kinora/common/contract'
import { normaliseEmail } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { MailKind, MailRow, MailTokenPurpose, UserRow } from '../db/schema.ts'
import type { AuditAction } from '../domain/audit.ts'
import { createOneTimeToken } from '../domain/challenges.ts'
import { renderMail } from '../domain/mail-rendering.ts'
import {
  accountExistsMail,
  apiKeyCreatedMail,
  inviteMail,
  type MailText,
  passwordChangedMail,
  passwordResetMail,
  projectInvitationMail,
  resetPasswordMail,
  secondFactorResetMail,
  signInChangedMail,
  verifyEmailMail,
} from '../domain/mail-templates.ts'
import type { MailContent } from '../infra/mailer.ts'

/** Lifetime of the link in a mail. */
const LIFETIME_MS: Record<MailTokenPurpose, number> = {
  verify_email: 24 * 3600 * 1000,
  reset_password: 30 * 60 * 1000,
}

/**
 * Queues a mail to an address that any caller may name. The caller must not learn whether the address has an account, so both
 * cases take one look-up, one row in the queue and one in the audit log; the rest happens when the mail is sent.
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
  await ctx.transact(call, async (work) => {
    await work.queueMail(kind, userId, call, now)
    await work.audit.record(call, { action, userId }, now)
  })
}

export interface RenderedMail {
  to: string
  content: MailContent
}

/** Renders a queued mail from the current data; null when it need not be sent any more. */
export async function renderQueuedMail(ctx: Context, mail: MailRow): Promise<RenderedMail | null> {
  if (mail.invite_id !== null) return await renderInvite(ctx, mail.invite_id)
  if (mail.project_invitation_id !== null) return await renderProjectInvitation(ctx, mail.project_invitation_id)
  const user = mail.user_id === null ? undefined : await ctx.users.byId(mail.user_id)
  const text = user && (await fillTemplate(ctx, mail, user))
  return text ? { to: user.email, content: renderMail(text) } : null
}

async function renderInvite(ctx: Context, inviteId: string): Promise<RenderedMail | null> {
  const { token, hash } = createOneTimeToken()
  const invite = await ctx.invites.replaceToken(inviteId, hash, ctx.now())
  if (!invite) return null
  return { to: invite.email, content: renderMail(inviteMail(inviteLink(ctx, token, invite.email))) }
}

/** The mail names who invites only by a confirmed address: strangers must not send their own text in Kinora's mails. */
async function renderProjectInvitation(ctx: Context, invitationId: string): Promise<RenderedMail | null> {
  const { token, hash } = createOneTimeToken()
  const invitation = await ctx.projectInvitations.replaceToken(invitationId, hash, ctx.now())
  if (!invitation) return null
  const inviter = await ctx.users.byId(invitation.invited_by)
  const from = inviter?.email_verified_at ? inviter.email : null
  const url = `${ctx.invitationPage}#${new URLSearchParams({ token, email: invitation.email })}`
  return { to: invitation.email, content: renderMail(projectInvitationMail(url, from)) }
}

/** The page that registers an invited person. */
export function inviteLink({ registration }: Context, token: string, email: string): string {
  return `${registration.page}#${new URLSearchParams({ token, email })}`
}

async function fillTemplate(ctx: Context, mail: MailRow, user: UserRow): Promise<MailText | null> {
  // A service account has no password and must not get one by mail.
  if (user.password_hash === null) return null
  switch (mail.kind) {
    case 'verify_email':
      if (user.email_verified_at || user.disabled_at) return null
      return verifyEmailMail(user, await link(ctx, user.id, mail.kind))
    case 'reset_password':
      if (user.disabled_at) return null
      return resetPasswordMail(user, await link(ctx, user.id, mail.kind))
    case 'account_exists':
      return accountExistsMail(user)
    case 'password_changed':
      return passwordChangedMail(user, mail)
    case 'password_reset':
      return passwordResetMail(user, mail)
    case 'second_factor_reset':
      return secondFactorResetMail(user, mail)
    case 'api_key_created':
    case 'service_key_created':
      return apiKeyCreatedMail(user, mail)
    case 'passkey_added':
    case 'totp_enabled':
    case 'totp_disabled':
    case 'recovery_codes_renewed':
      return signInChangedMail(user, mail, mail.kind)
    case 'invite':
    case 'project_invitation':
      return null
  }
}

/**
 * Creates a link with a new token. Each attempt to send creates its own, so that no token is stored before it is sent or
 * expires in the queue. The token is in the URL's fragment, which browsers do not send to servers.
 */
async function link(ctx: Context, userId: string, purpose: MailTokenPurpose): Promise<string> {
  const { token, hash } = createOneTimeToken()
  const expiresAt = new Date(ctx.now().getTime() + LIFETIME_MS[purpose])
  await ctx.mailTokens.put({ user_id: userId, purpose, token_hash: hash, expires_at: expiresAt })
  return `${ctx.mail.pages[purpose]}#token=${token}`
}
