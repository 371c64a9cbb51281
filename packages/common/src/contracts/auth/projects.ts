import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { AllowedDomains, DOMAINS_EXAMPLE } from '../allowed-domains.ts'
import { Id, IfRevision, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { CurrentPassword, Email, MailToken } from './accounts.ts'
import { AccountErasure } from './personal-data.ts'

export const ProjectRole = z.enum(['viewer', 'editor', 'admin', 'owner']).meta({
  description:
    'What a member may do: `viewer` reads and plays, `editor` also uploads, changes and shares, `admin` also manages API keys, webhooks and members, `owner` also deletes the project and hands it over',
  example: 'editor',
})

const ProjectId = Id.meta({ description: 'Id of the project', example: '0197a1f0-4b2e-7a90-8d11-7c3f5e0a9b24' })
const MemberId = Id.meta({ description: 'Id of the account of the member' })
const ProjectName = z.string().trim().min(1).max(100).regex(NO_CONTROL).meta({
  description: 'Name of the project, 1 to 100 characters without control characters',
  example: 'Marketing',
})
const DOMAINS_OF_PROJECT =
  'Host names of the sites whose pages may play the videos of the project, up to 50, each for all of its ports; `*.example.com` is every name below `example.com`. An empty list: all sites. A video may have a list of its own'
const CreatedAt = Timestamp.meta({ description: 'Time of creation, ISO 8601 UTC', example: '2026-01-15T09:30:00.000Z' })

export const Project = z
  .object({
    id: ProjectId,
    name: ProjectName,
    personal: z.boolean().meta({
      description:
        'Whether it is the personal project of an account: it has the id of the account and no other members',
      example: false,
    }),
    role: ProjectRole.nullable().meta({
      description: 'Role of the caller in the project; null for operators, who are no members',
      example: 'owner',
    }),
    allowedDomains: z.array(z.string()).default([]).meta({ description: DOMAINS_OF_PROJECT, example: DOMAINS_EXAMPLE }),
    revision: z
      .number()
      .int()
      .default(1)
      .meta({ description: 'Number of its version, for `If-Match`; grows with each update', example: 3 }),
    createdAt: CreatedAt,
  })
  .meta({ description: 'A project: what owns videos, webhooks and API keys' })
export type Project = z.infer<typeof Project>

export const ProjectPage = pageOf(Project).meta({ description: 'A page of projects' })

export const Member = z
  .object({
    userId: MemberId,
    displayName: z
      .string()
      .nullable()
      .meta({ description: 'Name shown to people; null if none was set', example: 'Ann Example' }),
    email: Email.nullable().meta({
      description: 'Email address of the account; null for callers who do not manage members',
      example: 'ann@example.com',
    }),
    role: ProjectRole,
    createdAt: Timestamp.meta({ description: 'Time the account became a member, ISO 8601 UTC' }),
  })
  .meta({ description: 'A member of a project' })
export type Member = z.infer<typeof Member>

export const MemberPage = pageOf(Member).meta({ description: 'A page of members' })

const InvitationId = Id.meta({ description: 'Id of the invitation' })

export const ProjectInvitation = z
  .object({
    id: InvitationId,
    projectId: ProjectId,
    email: Email,
    role: ProjectRole,
    createdAt: CreatedAt,
    expiresAt: Timestamp.meta({ description: 'Time the invitation expires, ISO 8601 UTC: 7 days after its creation' }),
  })
  .meta({ description: 'An invitation to a project that is neither used nor expired' })
export type ProjectInvitation = z.infer<typeof ProjectInvitation>

export const ProjectInvitationPage = pageOf(ProjectInvitation).meta({ description: 'A page of invitations' })

const OneProject = z.strictObject({ projectId: ProjectId })
const OneMember = OneProject.extend({ userId: MemberId })
const Reauthenticated = {
  password: CurrentPassword.optional().meta({
    description:
      'Current password of the caller, at most 256 characters. Required more than 15 minutes after the sign-in.',
    example: 'an example passphrase',
  }),
}
const REAUTHENTICATION = ['REAUTHENTICATION_REQUIRED', 'PASSWORD_WRONG', 'TOO_BUSY'] as const
const CONFIRMATION = ['PASSWORD_WRONG', 'MFA_NOT_ENABLED', 'MFA_CODE_REQUIRED', 'MFA_CODE_WRONG', 'MFA_LOCKED'] as const

/** Projects, their members, and invitations to them. */
export const projects = {
  createProject: {
    summary: 'Create a project',
    description: 'The caller becomes its owner.',
    input: z.strictObject({ name: ProjectName }).meta({ description: 'The project to create' }),
    output: Project,
    errors: ['PROJECT_LIMIT_REACHED', 'ACCOUNT_DISABLED'],
    idempotent: false,
  },
  listProjects: {
    summary: 'List projects',
    description: 'Those of which the caller is a member, newest first, with the personal project.',
    input: PageQuery,
    output: ProjectPage,
    errors: [],
    idempotent: true,
  },
  getProject: {
    summary: 'Get a project',
    input: OneProject,
    output: Project,
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
  },
  updateProject: {
    summary: 'Update a project',
    description:
      'Changes the name, or the sites that may play its videos, which holds within seconds. Fields that are left out stay as they are. For its admins.',
    input: OneProject.extend({
      name: ProjectName.optional(),
      allowedDomains: AllowedDomains.optional().meta({ description: DOMAINS_OF_PROJECT, example: DOMAINS_EXAMPLE }),
      ifRevision: IfRevision,
    }),
    output: Project,
    errors: ['PROJECT_NOT_FOUND', 'PROJECT_CHANGED'],
    idempotent: true,
  },
  deleteProject: {
    summary: 'Delete a project',
    description:
      'Deletes its videos, webhooks and API keys, permanently. For its owners. Needs the password and, if the account has a second factor, a code. A personal project goes with its account only.',
    input: OneProject.extend(AccountErasure.shape),
    output: Nothing,
    errors: ['PROJECT_NOT_FOUND', 'PROJECT_IS_PERSONAL', ...CONFIRMATION, 'TOO_BUSY'],
    idempotent: false,
  },
  handOverProject: {
    summary: 'Hand over a project',
    description:
      'Makes a member an owner and the caller an admin, at once. For owners. Needs the password and, if the account has a second factor, a code.',
    input: OneMember.extend(AccountErasure.shape),
    output: Member,
    errors: [
      ...(['PROJECT_NOT_FOUND', 'PROJECT_IS_PERSONAL', 'MEMBER_NOT_FOUND', 'PROJECT_LIMIT_REACHED'] as const),
      ...CONFIRMATION,
      'TOO_BUSY',
    ],
    idempotent: false,
  },
  listMembers: {
    summary: 'List the members of a project',
    description: 'Newest first. Email addresses are shown to those who manage members.',
    input: PageQuery.extend(OneProject.shape),
    output: MemberPage,
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  updateMember: {
    summary: 'Change the role of a member',
    description:
      'For admins of the project, up to their own role. The last owner stays one. Needs the password more than 15 minutes after the sign-in.',
    input: OneMember.extend({ role: ProjectRole, ...Reauthenticated }),
    output: Member,
    errors: [
      ...(['PROJECT_NOT_FOUND', 'PROJECT_IS_PERSONAL', 'MEMBER_NOT_FOUND', 'LAST_OWNER'] as const),
      ...(['PROJECT_LIMIT_REACHED', ...REAUTHENTICATION] as const),
    ],
    idempotent: true,
  },
  removeMember: {
    summary: 'Remove a member, or leave a project',
    description:
      'Everybody may leave; admins may remove members up to their own role. The videos stay with the project, the API keys of the member are revoked. The last owner cannot leave.',
    input: OneMember,
    output: Nothing,
    errors: ['PROJECT_NOT_FOUND', 'PROJECT_IS_PERSONAL', 'MEMBER_NOT_FOUND', 'LAST_OWNER'],
    idempotent: true,
  },
  createProjectInvitation: {
    summary: 'Invite an email address to a project',
    description:
      'Sends a link to the address, whether it has an account or not. It works once, within 7 days, for the account of that address, and replaces an earlier invitation. For admins, up to their own role. Needs the password more than 15 minutes after the sign-in.',
    input: OneProject.extend({ email: Email, role: ProjectRole, ...Reauthenticated }),
    output: ProjectInvitation,
    errors: [
      ...(['PROJECT_NOT_FOUND', 'PROJECT_IS_PERSONAL', 'MEMBER_EXISTS', 'MEMBER_LIMIT_REACHED'] as const),
      ...REAUTHENTICATION,
    ],
    idempotent: false,
  },
  listProjectInvitations: {
    summary: 'List the invitations to a project',
    description: 'Those that are neither used nor expired, newest first. For admins of the project.',
    input: PageQuery.extend(OneProject.shape),
    output: ProjectInvitationPage,
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
  },
  deleteProjectInvitation: {
    summary: 'Withdraw an invitation to a project',
    description: 'Its link can no longer be used. For admins of the project.',
    input: OneProject.extend({ invitationId: InvitationId }),
    output: Nothing,
    errors: ['PROJECT_NOT_FOUND', 'INVITE_NOT_FOUND'],
    idempotent: false,
  },
  acceptProjectInvitation: {
    summary: 'Accept an invitation to a project',
    description: 'The caller must be signed in with the account of the invited address.',
    input: z.strictObject({ token: MailToken }).meta({ description: 'The token from the link in the email' }),
    output: Project,
    errors: ['INVITE_INVALID', 'MEMBER_LIMIT_REACHED', 'PROJECT_LIMIT_REACHED', 'ACCOUNT_DISABLED'],
    idempotent: false,
  },
  listMemberships: {
    summary: 'List the roles of an account in projects; for gateways',
    input: z.strictObject({ userId: MemberId }),
    output: z.object({ projects: z.record(Id, ProjectRole) }),
    errors: [],
    idempotent: true,
  },
  createUserProject: {
    summary: 'Create a project for an account, which becomes its owner; for operators',
    input: z.strictObject({ userId: MemberId, name: ProjectName }),
    output: Project,
    errors: ['USER_NOT_FOUND', 'PROJECT_LIMIT_REACHED', 'ACCOUNT_DISABLED'],
    idempotent: false,
    callers: ['operator'],
  },
  findProjects: {
    summary: 'List all projects that are not personal; for operators',
    input: PageQuery,
    output: ProjectPage,
    errors: [],
    idempotent: true,
    callers: ['operator'],
  },
} as const satisfies Record<string, MethodSpec>
