import { digestOfApiKey } from '@kinora/common/api-key'
import { auth as methods } from '@kinora/common/contracts'
import { startSmtp, until } from '@kinora/dev/harness'
import { afterAll, describe, expect, it } from 'vitest'
import { type Account, GATEWAY, OPERATOR, PASSWORD } from './support/gateway.ts'
import { useAuth } from './support/use-auth.ts'

const smtp = await startSmtp()
afterAll(() => smtp.stop())
const clock = { ahead: 0 }
const { gateway, query } = await useAuth({
  now: () => new Date(Date.now() + clock.ahead),
  config: { SMTP_URL: smtp.url, EMAIL_VERIFICATION: 'off', PROJECTS_PER_ACCOUNT: 3 },
})
const { call } = gateway
const FRESH_MS = 16 * 60 * 1000

async function createProject({ actor }: Account, name = 'Marketing'): Promise<string> {
  return (await call(methods.createProject, { name }, actor)).id
}

/** Invites an account by mail, which accepts. */
async function join(projectId: string, by: Account, who: Account, role: 'viewer' | 'editor' | 'admin' | 'owner') {
  await call(methods.createProjectInvitation, { projectId, email: who.email, role }, by.actor)
  const token = (await smtp.mailTo(who.email)).token()
  return await call(methods.acceptProjectInvitation, { token }, who.actor)
}

const rolesIn = async (projectId: string) => {
  const rows = await query<{ role: string }>('select role from project_members where project_id = $1', [projectId])
  return rows.map(({ role }) => role).toSorted()
}
const codeOf = (done: Promise<unknown>) =>
  done.then(
    () => 'done',
    ({ code }: { code: string }) => code,
  )
const memberships = (userId: string) => call(methods.listMemberships, { userId }, GATEWAY)
const resolve = (key: string) => call(methods.resolveApiKey, { digest: digestOfApiKey(key) }, GATEWAY)

describe('a project', () => {
  it('is there for each account, and others are created, renamed, listed and deleted', async () => {
    const ann = await gateway.signUp()
    const id = await createProject(ann)
    const renamed = await call(methods.updateProject, { projectId: id, name: 'Films' }, ann.actor)
    expect(renamed).toMatchObject({ id, name: 'Films', personal: false, role: 'owner' })
    const { items } = await call(methods.listProjects, {}, ann.actor)
    expect(items).toMatchObject([
      { id, name: 'Films' },
      { id: ann.actor.userId, personal: true, role: 'owner' },
    ])
    expect((await call(methods.findProjects, { limit: 100 }, OPERATOR)).items).toContainEqual({
      ...renamed,
      role: null,
    })
    const key = await call(methods.createApiKey, { name: 'k', scopes: ['videos:read'], projectId: id }, ann.actor)
    expect(await resolve(key.key)).toMatchObject({ projectId: id, projectRole: 'owner' })
    expect(await codeOf(call(methods.deleteProject, { projectId: id, password: 'wrong' }, ann.actor))).toBe(
      'PASSWORD_WRONG',
    )
    await call(methods.deleteProject, { projectId: id, password: PASSWORD }, ann.actor)
    expect(await codeOf(call(methods.getProject, { projectId: id }, ann.actor))).toBe('PROJECT_NOT_FOUND')
    expect(await codeOf(resolve(key.key))).toBe('API_KEY_INVALID')
    expect(await query('select kind, media_done_at from erasures where user_id = $1', [id])).toEqual([
      { kind: 'project', media_done_at: null },
    ])
    const actions = await query<{ action: string }>(
      'select action from audit_log where subject = $1 order by sequence',
      [id],
    )
    expect(actions.map(({ action }) => action)).toEqual(['project_create', 'project_update', 'project_delete'])
  })

  it('has sites that may play its videos, changed by admins where nobody else has changed it', async () => {
    const [ann, bob] = [await gateway.signUp(), await gateway.signUp()]
    const projectId = await createProject(ann)
    await join(projectId, ann, bob, 'editor')
    const update = (allowedDomains: string[], ifRevision?: number[], by = ann) =>
      call(methods.updateProject, { projectId, allowedDomains, ifRevision }, by.actor)
    expect(await call(methods.getProject, { projectId }, bob.actor)).toMatchObject({ allowedDomains: [], revision: 1 })
    expect(await codeOf(update(['a.example'], undefined, bob))).toBe('FORBIDDEN')
    expect(await update(['A.example', '*.b.example'], [1])).toMatchObject({
      ...{ name: 'Marketing', allowedDomains: ['a.example', '*.b.example'], revision: 2 },
    })
    const raced = await Promise.all([codeOf(update(['c.example'], [2])), codeOf(update(['d.example'], [2]))])
    expect(raced.toSorted()).toEqual(['PROJECT_CHANGED', 'done'])
    expect(await codeOf(update(['https://a.example']))).toBe('VALIDATION_FAILED')
    const { allowedDomains } = await call(methods.getProject, { projectId }, bob.actor)
    const renamed = await call(methods.updateProject, { projectId, name: 'Films' }, ann.actor)
    expect(renamed).toMatchObject({ name: 'Films', allowedDomains, revision: 4 })
  })

  it('that is personal has one member for good, and accounts own so many others', async () => {
    const ann = await gateway.signUp()
    const personal = { projectId: ann.actor.userId }
    const self = { ...personal, userId: ann.actor.userId }
    const invitation = { ...personal, email: 'b@kinora.test', role: 'viewer' as const }
    const refused = [
      call(methods.deleteProject, { ...personal, password: PASSWORD }, ann.actor),
      call(methods.removeMember, self, ann.actor),
      call(methods.updateMember, { ...self, role: 'viewer' }, ann.actor),
      call(methods.createProjectInvitation, invitation, ann.actor),
    ]
    expect(new Set(await Promise.all(refused.map(codeOf)))).toEqual(new Set(['PROJECT_IS_PERSONAL']))
    const attempts = await Promise.all([1, 2, 3, 4, 5].map(() => codeOf(createProject(ann))))
    expect(attempts.filter((code) => code === 'PROJECT_LIMIT_REACHED').length).toBe(2)
  })
})

describe('an invitation', () => {
  it('is the same for known and unknown addresses, and works once, for the account of its address', async () => {
    const [ann, bob, eve] = [await gateway.signUp(), await gateway.signUp(), await gateway.signUp()]
    const projectId = await createProject(ann, 'Buy cheap watches')
    const invite = (email: string) =>
      call(methods.createProjectInvitation, { projectId, email, role: 'editor' }, ann.actor)
    const unknown = `${crypto.randomUUID()}@kinora.test`
    const [first, second] = [await invite(bob.email), await invite(unknown)]
    expect(Object.keys(first)).toEqual(Object.keys(second))
    const [known, stranger] = [await smtp.mailTo(bob.email), await smtp.mailTo(unknown)]
    const cut = (text: string) => text.replace(/#\S+/g, '')
    expect([known.subject, cut(known.text)]).toEqual([stranger.subject, cut(stranger.text)])
    // Strangers must not send their own text in Kinora's mails.
    expect(known.text).not.toContain('watches')

    const accept = (token: string, who: Account) => codeOf(call(methods.acceptProjectInvitation, { token }, who.actor))
    expect(await accept(known.token(), eve)).toBe('INVITE_INVALID')
    const again = await invite(bob.email)
    expect((await call(methods.listProjectInvitations, { projectId }, ann.actor)).items[0]).toEqual(again)
    const newer = await smtp.mailTo(bob.email, 2)
    expect(await accept(known.token(), bob)).toBe('INVITE_INVALID')
    const both = await Promise.all([accept(newer.token(), bob), accept(newer.token(), bob)])
    expect(both.toSorted()).toEqual(['INVITE_INVALID', 'done'])
    expect(await memberships(bob.actor.userId)).toEqual({ projects: { [projectId]: 'editor' } })
    expect(await codeOf(invite(bob.email))).toBe('MEMBER_EXISTS')

    const late = await gateway.signUp(unknown)
    clock.ahead = 8 * 24 * 3600 * 1000
    expect(await accept(stranger.token(), late)).toMatch(/INVITE_INVALID|SESSION/)
    clock.ahead = 0
    expect(await accept(stranger.token(), late)).toBe('done')
    const { items } = await call(methods.listMembers, { projectId }, bob.actor)
    expect(items.map(({ email, role }) => [email, role])).toEqual([
      [null, 'editor'],
      [null, 'editor'],
      [null, 'owner'],
    ])
  })

  it('ends when it is withdrawn, when its sender may not give that role any more, and needs a fresh sign-in', async () => {
    const [ann, bob, eve] = [await gateway.signUp(), await gateway.signUp(), await gateway.signUp()]
    const projectId = await createProject(ann)
    await join(projectId, ann, bob, 'admin')
    const invite = (by: Account, role: 'viewer' | 'admin' | 'owner') =>
      call(methods.createProjectInvitation, { projectId, email: eve.email, role }, by.actor)
    expect(await codeOf(invite(bob, 'owner'))).toBe('FORBIDDEN')
    const { id: invitationId } = await invite(bob, 'admin')
    const token = (await smtp.mailTo(eve.email)).token()
    await call(methods.updateMember, { projectId, userId: bob.actor.userId, role: 'editor' }, ann.actor)
    expect(await codeOf(call(methods.acceptProjectInvitation, { token }, eve.actor))).toBe('INVITE_INVALID')
    expect(await codeOf(invite(bob, 'viewer'))).toBe('FORBIDDEN')
    await call(methods.deleteProjectInvitation, { projectId, invitationId }, ann.actor)
    clock.ahead = FRESH_MS
    expect(await codeOf(invite(ann, 'viewer'))).toBe('REAUTHENTICATION_REQUIRED')
    const owner = { projectId, userId: bob.actor.userId, role: 'owner' as const }
    expect(await codeOf(call(methods.updateMember, owner, ann.actor))).toBe('REAUTHENTICATION_REQUIRED')
    clock.ahead = 0
  })
})

describe('a member', () => {
  it('may leave, whose keys end and whose role gateways look up again', async () => {
    const [ann, bob] = [await gateway.signUp(), await gateway.signUp()]
    const projectId = await createProject(ann)
    await join(projectId, ann, bob, 'admin')
    const create = (who: Account) =>
      call(methods.createApiKey, { name: 'k', scopes: ['videos:write'], projectId }, who.actor)
    const [key, own] = [
      await create(bob),
      await call(methods.createApiKey, { name: 'own', scopes: ['videos:read'] }, bob.actor),
    ]
    expect((await call(methods.listApiKeys, { projectId }, ann.actor)).items).toMatchObject([
      { id: key.id, ownerId: bob.actor.userId },
    ])
    await call(methods.updateMember, { projectId, userId: bob.actor.userId, role: 'viewer' }, ann.actor)
    expect(await resolve(key.key)).toMatchObject({ projectRole: 'viewer' })
    expect(await codeOf(create(bob))).toBe('FORBIDDEN')
    const { sequence } = await call(methods.listRevocations, { after: 0 }, GATEWAY)
    await call(methods.removeMember, { projectId, userId: bob.actor.userId }, bob.actor)
    const { items } = await call(methods.listRevocations, { after: sequence }, GATEWAY)
    expect(items.flatMap(({ accountIds, apiKeyIds }) => [...accountIds, ...apiKeyIds]).toSorted()).toEqual(
      [bob.actor.userId, key.id].toSorted(),
    )
    expect(await codeOf(resolve(key.key))).toBe('API_KEY_REVOKED')
    expect(await resolve(own.key)).toMatchObject({ projectId: bob.actor.userId })
    expect(await codeOf(create(bob))).toBe('PROJECT_NOT_FOUND')
  })

  it('who is the last owner stays, whatever is tried; of two who leave at once one stays', async () => {
    for (const leave of ['leave', 'demote', 'erase'] as const) {
      const [ann, bob] = [await gateway.signUp(), await gateway.signUp()]
      const projectId = await createProject(ann)
      const way = ({ actor }: Account) => {
        const own = { projectId, userId: actor.userId }
        if (leave === 'leave') return call(methods.removeMember, own, actor)
        if (leave === 'demote') return call(methods.updateMember, { ...own, role: 'editor' }, actor)
        return call(methods.eraseMe, { password: PASSWORD }, actor)
      }
      expect(await codeOf(way(ann))).toBe('LAST_OWNER')
      await join(projectId, ann, bob, 'owner')
      const both = await Promise.all([codeOf(way(ann)), codeOf(way(bob))])
      expect([leave, ...both.toSorted()]).toEqual([leave, 'LAST_OWNER', 'done'])
      expect(await rolesIn(projectId)).toContain('owner')
    }
  })

  it('who is disabled does not count as an owner', async () => {
    const [ann, bob] = [await gateway.signUp(), await gateway.signUp()]
    const projectId = await createProject(ann)
    await join(projectId, ann, bob, 'owner')
    await query('update users set disabled_at = now() where id = $1', [bob.actor.userId])
    expect(await codeOf(call(methods.removeMember, { projectId, userId: ann.actor.userId }, ann.actor))).toBe(
      'LAST_OWNER',
    )
  })

  it('gets the project handed over; an admin reaches nobody above', async () => {
    const [ann, bob, eve] = [await gateway.signUp(), await gateway.signUp(), await gateway.signUp()]
    const projectId = await createProject(ann)
    await join(projectId, ann, bob, 'admin')
    const heir = { projectId, userId: bob.actor.userId, password: PASSWORD }
    expect(await codeOf(call(methods.handOverProject, { ...heir, userId: eve.actor.userId }, ann.actor))).toBe(
      'MEMBER_NOT_FOUND',
    )
    const byBob = { projectId, userId: ann.actor.userId }
    expect(await codeOf(call(methods.removeMember, byBob, bob.actor))).toBe('FORBIDDEN')
    expect(await codeOf(call(methods.updateMember, { ...byBob, role: 'viewer' }, bob.actor))).toBe('FORBIDDEN')
    expect(await codeOf(call(methods.handOverProject, heir, bob.actor))).toBe('FORBIDDEN')
    await call(methods.handOverProject, heir, ann.actor)
    expect(await rolesIn(projectId)).toEqual(['admin', 'owner'])
    expect(await memberships(bob.actor.userId)).toEqual({ projects: { [projectId]: 'owner' } })
    const { items } = await call(methods.listAudit, { limit: 100 }, bob.actor)
    expect(items.map(({ action }) => action)).toEqual(expect.arrayContaining(['project_hand_over', 'member_join']))
    await until(async () => (await call(methods.listProjects, {}, eve.actor)).items.length === 1)
  })
})
