import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { Email } from './accounts.ts'

const InviteId = Id.meta({ description: 'Id of the invitation', example: '0197a1ee-3b7c-7d21-9f40-5c8e2a6b1d73' })

export const Invite = z
  .object({
    id: InviteId,
    email: Email,
    createdAt: Timestamp.meta({
      description: 'Time the invitation was created, ISO 8601 UTC',
      example: '2026-01-15T09:30:00.000Z',
    }),
    expiresAt: Timestamp.meta({
      description: 'Time the invitation expires, ISO 8601 UTC: 7 days after its creation',
      example: '2026-01-22T09:30:00.000Z',
    }),
    mailed: z.boolean().meta({ description: 'Whether it is sent to the address by mail', example: false }),
  })
  .meta({ description: 'An invitation to register that has not been used' })
export type Invite = z.infer<typeof Invite>

export const NewInvite = Invite.extend({
  token: z.string().nullable().meta({
    description:
      'Token to send as `invite` of the registration. It works once and cannot be shown again. Null where it is sent by mail, which alone contains it.',
    example: 'example-invite-token',
  }),
  url: z.string().nullable().meta({
    description:
      'Link to a page that registers the invited person; the token is in its fragment. Null where it is sent by mail.',
    example: 'https://video.example.com/account/register#token=example-invite-token',
  }),
}).meta({ description: 'A new invitation: the only answer that contains its token' })

export const InvitePage = pageOf(Invite).meta({ description: 'A page of invitations' })

/** Invitations to register, which an installation with `REGISTRATION=invite` needs. */
export const invites = {
  createInvite: {
    summary: 'Invite an email address to register',
    description:
      'Replaces an earlier invitation of this address. With `mail`, the link is sent to the address, and whoever registers with it need not confirm the address; otherwise only this answer contains the token and the link. For administrators.',
    input: z
      .strictObject({
        email: Email,
        mail: z
          .boolean()
          .optional()
          .meta({ description: 'Whether to send the link to the address by mail. False by default.', example: false }),
      })
      .meta({ description: 'Who is invited' }),
    output: NewInvite,
    errors: ['EMAIL_TAKEN'],
    idempotent: false,
    callers: ['gateway', 'operator'],
  },
  listInvites: {
    summary: 'List invitations',
    description: 'Those that are neither used nor expired, newest first. For administrators.',
    input: PageQuery,
    output: InvitePage,
    errors: [],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  deleteInvite: {
    summary: 'Withdraw an invitation',
    description: 'Its link can no longer be used. For administrators.',
    input: z.strictObject({ inviteId: InviteId }),
    output: Nothing,
    errors: ['INVITE_NOT_FOUND'],
    idempotent: false,
    callers: ['gateway', 'operator'],
  },
} as const satisfies Record<string, MethodSpec>
