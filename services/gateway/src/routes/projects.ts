import { auth as rpc } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const project = '/v1/projects/:projectId'
const member = `${project}/members/:userId`
const invitation = `${project}/invitations/:invitationId`

/** No scope: a key could make members of strangers, who would outlive its revocation. */
const signedIn = { auth: 'required', limit: 'general' } as const
const read = { ...signedIn, scope: 'account:read', project: 'read' } as const
const manage = { ...signedIn, project: 'manage' } as const
const own = { ...signedIn, project: 'own' } as const

export const projects = tagged('Projects', [
  { method: 'post', path: '/v1/projects', rpc: rpc.createProject, ...signedIn, status: 201 },
  { method: 'get', path: '/v1/projects', rpc: rpc.listProjects, ...signedIn, scope: 'account:read', status: 200 },
  { method: 'get', path: project, rpc: rpc.getProject, ...read, status: 200, conditional: true },
  { method: 'patch', path: project, rpc: rpc.updateProject, ...manage, status: 200, conditional: true },
  { method: 'delete', path: project, rpc: rpc.deleteProject, ...own, limit: 'password', status: 204 },
  { method: 'post', path: `${project}/owner`, rpc: rpc.handOverProject, ...own, limit: 'password', status: 200 },
  { method: 'get', path: `${project}/members`, rpc: rpc.listMembers, ...signedIn, project: 'read', status: 200 },
  { method: 'patch', path: member, rpc: rpc.updateMember, ...manage, limit: 'mfa', status: 200 },
  // Everybody may leave, so the role decides for others only.
  { method: 'delete', path: member, rpc: rpc.removeMember, ...manage, status: 204 },
  {
    method: 'post',
    path: `${project}/invitations`,
    rpc: rpc.createProjectInvitation,
    ...manage,
    limit: 'mfa',
    countedBy: 'email',
    status: 201,
  },
  { method: 'get', path: `${project}/invitations`, rpc: rpc.listProjectInvitations, ...manage, status: 200 },
  { method: 'delete', path: invitation, rpc: rpc.deleteProjectInvitation, ...manage, status: 204 },
  {
    method: 'post',
    path: '/v1/project-invitations/accept',
    rpc: rpc.acceptProjectInvitation,
    ...signedIn,
    limit: 'mfa',
    status: 200,
  },
])
