import { randomUUID } from 'node:crypto'
import type { Handler } from '@kinora/common/contract'
import { type auth, type Invite, normaliseEmail } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { InviteRow } from '../db/schema.ts'
import { createOneTimeToken } from '../domain/challenges.ts'
import { inviteLink } from '../operations/mail.ts'
import { cursorAt, pageRequest } from '../repositories/pages.ts'
import { byAdmin } from './guards.ts'

const LIFETIME_MS = 7 * 24 * 3600 * 1000

export function createInvite(ctx: Context): Handler<typeof auth.createInvite> {
  return byAdmin<typeof auth.createInvite>(ctx, async ({ email: typed, mail: mailed = false }, call) => {
    const email = normaliseEmail(typed)
    if (await ctx.users.byEmail(email)) throw new AppError('EMAIL_TAKEN')
    const now = ctx.now()
    // Where a mail is sent, nobody sees this token: the mail gets its own.
    const { token, hash } = createOneTimeToken()
    const expiresAt = new Date(now.getTime() + LIFETIME_MS)
    const row: InviteRow = { id: randomUUID(), email, token_hash: hash, mailed, created_at: now, expires_at: expiresAt }
    await ctx.transact(call, async (work) => {
      await work.lock(`invite ${email}`)
      await work.invites.put(row)
      if (mailed) await work.queueInvite(row.id, now)
      await work.audit.record(call, { action: 'invite_create', userId: null, subject: row.id }, now)
    })
    return mailed
      ? { ...toInvite(row), token: null, url: null }
      : { ...toInvite(row), token, url: inviteLink(ctx, token, email) }
  })
}

export function listInvites(ctx: Context): Handler<typeof auth.listInvites> {
  return byAdmin<typeof auth.listInvites>(ctx, async ({ limit, cursor }) => {
    return pageOf(await ctx.invites.valid(ctx.now(), pageRequest(limit, cursor)), limit, toInvite, cursorAt)
  })
}

export function deleteInvite(ctx: Context): Handler<typeof auth.deleteInvite> {
  return byAdmin<typeof auth.deleteInvite>(ctx, async ({ inviteId }, call) => {
    await ctx.transact(call, async (work) => {
      if (!(await work.invites.delete(inviteId))) throw new AppError('INVITE_NOT_FOUND')
      await work.audit.record(call, { action: 'invite_delete', userId: null, subject: inviteId }, ctx.now())
    })
    return {}
  })
}

function toInvite({ id, email, mailed, created_at, expires_at }: InviteRow): Invite {
  return { id, email, mailed, createdAt: created_at.toISOString(), expiresAt: expires_at.toISOString() }
}
