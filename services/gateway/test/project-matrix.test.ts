import { randomBytes, randomUUID } from 'node:crypto'
import type { ProjectRole } from '@kinora/common/contract'
import { Scope } from '@kinora/common/contracts'
import { type ProjectAction, roleAllows } from '@kinora/common/project-access'
import { createMetrics, Health, Lifecycle } from '@kinora/common/service'
import { until, useTestEnvironment } from '@kinora/dev/harness'
import { pino } from 'pino'
import { afterAll, describe, expect, it } from 'vitest'
import { z } from 'zod'
import { authConfig } from '../../auth/src/config.ts'
import { startAuth } from '../../auth/src/service.ts'
import { mediaConfig } from '../../media/src/config.ts'
import { startMedia } from '../../media/src/service.ts'
import { routes } from '../src/routes/index.ts'
import type { Route } from '../src/routes/route.ts'
import { AUDIENCE, ISSUER } from './support/access-tokens.ts'
import { startTestGateway } from './support/start-test-gateway.ts'

/*
 * Every route that names what the caller does in a project, tried by every role, by strangers and by keys of other projects.
 * What is sent is derived from the route table, so a new route is tried without being named here.
 */

const world = await useTestEnvironment()
const life = new Lifecycle()
afterAll(() => life.close())
const base = (name: string) => {
  return { life, health: new Health(), metrics: createMetrics(name), logger: pino({ level: 'silent' }) }
}
const secret = () => randomBytes(32).toString('base64')
const common = (service: 'auth' | 'media') => ({
  AMQP_URL: world.amqpUrl(service),
  DATABASE_URL: world.databaseUrl(service),
})
const keys = { KEY_ENCRYPTION_KEY: secret(), REFRESH_SECRET: secret(), PASSWORD_PEPPER: secret() }
const auth = { ...common('auth'), ...keys, BCRYPT_COST: '10', ISSUER, AUDIENCE, MAILBOX_DIR: world.storageDir }
const inAuth = await startAuth(
  base('auth'),
  authConfig.parse({ ...auth, PROJECTS_PER_ACCOUNT: '1000', API_KEYS_PER_ACCOUNT: '1000' }),
)
const media = { ...common('media'), PLAYBACK_SECRET: secret(), WEBHOOK_ENCRYPTION_KEY: secret() }
const settings = {
  STORAGE_URL: world.storageUrl,
  PUBLIC_URL: 'http://kinora.test',
  WEBHOOKS_PER_ACCOUNT: '100',
  MAX_PENDING_PINGS: '100',
}
await startMedia(base('media'), mediaConfig.parse({ ...media, ...settings, MAX_OPEN_UPLOADS: '1000' }))
const [gateway, other] = [await startTestGateway(world), await startTestGateway(world)]
for (const it of [gateway, other]) life.use(it, 'gateway', ({ life: inner }) => inner.close())
await until(async () => (await gateway.health.report()).ready && (await other.health.report()).ready)

const password = 'correct horse battery'

interface Person {
  id: string
  email: string
  token: string
}
interface Answer {
  status: number
  body: Record<string, unknown>
}
interface Sent {
  headers?: Record<string, string>
  body?: string
}

async function send(token: string | undefined, method: string, path: string, sent: Sent = {}, url = gateway.url) {
  const authorization: Record<string, string> = token === undefined ? {} : { authorization: `Bearer ${token}` }
  const abort = new AbortController()
  const init = { method, headers: { ...authorization, ...sent.headers }, signal: abort.signal }
  const answer = await fetch(url + path, { ...init, ...(sent.body !== undefined && { body: sent.body }) })
  const isJson = /\bjson\b/.test(answer.headers.get('content-type') ?? '')
  const location = answer.headers.get('location')
  const body = isJson && method !== 'HEAD' ? await answer.json() : {}
  // A stream of events does not end by itself.
  abort.abort()
  return { status: answer.status, body: body as Record<string, unknown>, location }
}

const json = (value: unknown): Sent => ({
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify(value),
})

async function call(token: string, method: string, path: string, value?: unknown): Promise<Record<string, unknown>> {
  const { status, body } = await send(token, method, path, value === undefined ? {} : json(value))
  if (status >= 300) throw new Error(`${method} ${path} answered ${status}: ${JSON.stringify(body)}`)
  return body
}

async function signUp(): Promise<Person> {
  const email = `${randomUUID()}@kinora.test`
  const { body } = await send(undefined, 'POST', '/v1/auth/register', json({ email, password }))
  const { accessToken, user } = body as { accessToken: string; user: { id: string } }
  return { id: user.id, email, token: accessToken }
}

async function addMember(projectId: string, { id }: Person, role: ProjectRole): Promise<void> {
  await inAuth.transact(null, (work) => work.members.insert(projectId, id, role, new Date()))
}

const ROLES = ['viewer', 'editor', 'admin', 'owner'] as const
const [viewer, editor, manager, owner, stranger] = await Promise.all(Array.from({ length: 5 }, signUp))
if (!viewer || !editor || !manager || !owner || !stranger) throw new Error('nobody')
const people: Record<ProjectRole, Person> = { viewer, editor, admin: manager, owner }

/** A project with a member in each role. */
async function createProject(): Promise<string> {
  const { id } = await call(people.owner.token, 'POST', '/v1/projects', { name: 'Team' })
  for (const role of ['viewer', 'editor', 'admin'] as const) await addMember(String(id), people[role], role)
  return String(id)
}

// All before the gateways look up any roles.
const [teamId, secondId] = [await createProject(), await createProject()]
const foreign = String((await call(stranger.token, 'POST', '/v1/projects', { name: 'Others' })).id)
const all = { name: 'all', scopes: Scope.options.filter((scope) => scope !== 'admin') }
const keyFor = async (person: Person, projectId: string) =>
  String((await call(person.token, 'POST', '/v1/api-keys', { ...all, projectId })).key)
/** Of the same account, but of its other project; and of a stranger. */
const foreignKeys = [await keyFor(owner, secondId), await keyFor(owner, owner.id), await keyFor(stranger, foreign)]
const teamKeys = { admin: await keyFor(manager, teamId), owner: await keyFor(owner, teamId) }

const MISSING = '01890a5d-ac96-774b-bcce-b302099a8057'
const MARK = 'a secret title of the team'

/** What a project has, by the name that a path gives to its id; each call makes a new one. */
const MAKERS: Record<string, (projectId: string, made: Record<string, string>) => Promise<unknown>> = {
  projectId: createProject,
  videoId: async (projectId) => (await call(owner.token, 'POST', '/v1/videos', { projectId, title: MARK })).id,
  uploadId: async (projectId) => {
    const metadata = `projectId ${Buffer.from(projectId).toString('base64')}`
    const headers = { 'tus-resumable': '1.0.0', 'upload-length': '1000', 'upload-metadata': metadata }
    return (await send(owner.token, 'POST', '/v1/uploads', { headers })).location?.split('/').at(-1)
  },
  webhookId: async (projectId) => {
    const target = { projectId, url: 'https://hooks.invalid/kinora', events: ['video.ready'] }
    return (await call(owner.token, 'POST', '/v1/webhooks', target)).id
  },
  deliveryId: async (_, { webhookId }) => (await call(owner.token, 'POST', `/v1/webhooks/${webhookId}/test`)).id,
  keyId: async (projectId) => (await call(owner.token, 'POST', '/v1/api-keys', { ...all, projectId })).id,
  playbackKeyId: async (projectId) =>
    (await call(owner.token, 'POST', '/v1/playback-keys', { projectId, name: MARK })).id,
  invitationId: async (_, { projectId }) => {
    const invited = { email: `${randomUUID()}@kinora.test`, role: 'viewer' }
    return (await call(owner.token, 'POST', `/v1/projects/${projectId}/invitations`, invited)).id
  },
  linkId: async (projectId) => (await call(owner.token, 'POST', '/v1/upload-links', { projectId, title: MARK })).id,
  userId: async () => people.editor.id,
  // Whatever is inside a video: whether it is there is asked only after the role.
  ...Object.fromEntries(['tokenId', 'taskId'].map((name) => [name, async () => MISSING])),
  trackId: async () => '1',
  lang: async () => 'en',
}

const named = (path: string) => [...path.matchAll(/:(\w+)/g)].map(([, name]) => String(name))

async function make(route: Route): Promise<Record<string, string>> {
  const made: Record<string, string> = {}
  for (const name of named(route.path)) {
    const maker = MAKERS[name]
    if (!maker) throw new Error(`${route.path}: say here how a project gets a ${name}`)
    made[name] = String(await maker(teamId, made))
  }
  return made
}

const inputOf = (route: Route) => ('rpc' in route ? route.rpc.input : (route.params ?? z.object({})))
const shapeOf = (schema: z.ZodType) =>
  schema instanceof z.ZodObject ? (schema.shape as Record<string, z.ZodType>) : {}
const takesProject = (route: Route) =>
  'projectId' in shapeOf(inputOf(route)) && !named(route.path).includes('projectId')

function exampleOf(schema: z.ZodType): unknown {
  const { example } = schema.meta() ?? {}
  if (example !== undefined) return example
  if (schema instanceof z.ZodArray) return [exampleOf(schema.element as z.ZodType)]
  return schema instanceof z.ZodObject ? examplesOf(shapeOf(schema)) : undefined
}

const examplesOf = (shape: Record<string, z.ZodType>): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(shape)
      .filter(([, schema]) => !schema.isOptional())
      .map(([name, schema]) => [name, exampleOf(schema)]),
  )

/** A good request by the examples of the schemas: the refusal must be about who asks. */
function request(route: Route, ids: Record<string, string>, projectId: string) {
  const path = route.path.replace(/:(\w+)/g, (_, name: string) => ids[name] ?? MISSING)
  if (!('rpc' in route)) {
    const examples = Object.entries(examplesOf(shapeOf(route.headers ?? z.object({}))))
    const headers: Record<string, string> = Object.fromEntries(examples.map(([name, value]) => [name, String(value)]))
    // Without it the request would be one of the IETF protocol, and need other headers.
    if ('Tus-Resumable' in shapeOf(route.headers ?? z.object({}))) headers['tus-resumable'] = '1.0.0'
    if (route.name === 'createUpload') headers['upload-length'] = '1000'
    if (route.name === 'createUpload')
      headers['upload-metadata'] = `projectId ${Buffer.from(projectId).toString('base64')}`
    const type = route.requestBody?.contentType.replace('*', 'mp4')
    return {
      path,
      sent: { headers: { ...headers, ...(type && { 'content-type': type }) }, ...(type && { body: 'WEBVTT' }) },
    }
  }
  const shape = Object.entries(shapeOf(route.rpc.input)).filter(([name]) => !(name in ids))
  const input = examplesOf(Object.fromEntries(shape))
  if (takesProject(route)) input.projectId = projectId
  if ('password' in input) input.password = password
  if ('email' in input) input.email = `${randomUUID()}@kinora.test`
  if (route.method !== 'get') return { path, sent: json(input) }
  const query = new URLSearchParams(
    Object.entries(input).map(([name, value]): [string, string] => [name, String(value)]),
  )
  return { path: query.size > 0 ? `${path}?${query}` : path, sent: {} }
}

async function ask(token: string | undefined, route: Route, ids: Record<string, string>, projectId = teamId) {
  const { path, sent } = request(route, ids, projectId)
  const { status, body } = await send(token, route.method.toUpperCase(), path, sent)
  const { requestId: _, ...rest } = body
  return { status, body: rest }
}

/** What somebody is told about a thing that does not exist. An answer to HEAD has a status only. */
async function answerToMissing(token: string, route: Route): Promise<Answer> {
  const ids = Object.fromEntries(
    named(route.path).map((name) => [name, name === 'lang' ? 'en' : name === 'trackId' ? '1' : MISSING]),
  )
  return await ask(token, route, ids, MISSING)
}

const inProjects = routes.filter((route): route is Route & { project: ProjectAction } => route.project !== undefined)
const title = (route: Route) => `${route.method.toUpperCase()} ${route.path}`

it('every route about what a project has says what is done there', () => {
  const isAbout = (route: Route) =>
    route.auth !== 'none' &&
    !route.path.startsWith('/v1/admin/') &&
    (named(route.path).some((name) => /^(video|upload|webhook|key|playbackKey|project|link)Id$/.test(name)) ||
      takesProject(route))
  expect(routes.filter((route) => isAbout(route) && !route.project).map(title)).toEqual([])
  expect(inProjects.length).toBeGreaterThan(50)
})

describe.each(inProjects.map((route) => ({ name: title(route), route })))('$name', ({ route }) => {
  it('is refused to those who may not, and to nobody else', async () => {
    const ids = await make(route)
    const hidden = await answerToMissing(stranger.token, route)
    expect(hidden.status).toBe(404)
    expect(await ask(stranger.token, route, ids)).toEqual(hidden)
    const anonymous = await ask(undefined, route, ids)
    expect(anonymous.status).toBe(route.auth === 'optional' ? 404 : 401)
    for (const key of foreignKeys) {
      const answer = await ask(key, route, ids)
      if (route.scope) expect(answer).toEqual(await answerToMissing(key, route))
      else
        expect(answer).toMatchObject({
          status: 403,
          body: route.method === 'head' ? {} : { code: 'API_KEY_NOT_ACCEPTED' },
        })
    }
    const allowed = (role: ProjectRole) => roleAllows(role, route.project)
    for (const role of ROLES.filter((it) => !allowed(it))) {
      // Everybody may leave a project.
      if (ids.userId === people[role].id) ids.userId = people.owner.id
      const { status, body } = await ask(people[role].token, route, ids)
      expect([role, status, body.code]).toEqual([role, 403, route.method === 'head' ? undefined : 'FORBIDDEN'])
    }
    for (const role of ROLES.filter(allowed)) {
      const own = await make(route)
      const { status, body } = await ask(people[role].token, route, own)
      const isRefused = status === 401 || status === 403 || (status === 404 && body.code === hidden.body.code)
      expect([role, isRefused, status, body.code]).toEqual([role, false, status, body.code])
    }
    const keyRole = roleAllows('admin', route.project) ? 'admin' : 'owner'
    if (!route.scope || named(route.path).includes('projectId')) return
    const { status, body } = await ask(teamKeys[keyRole], route, await make(route))
    expect(status === 401 || status === 403 || (status === 404 && body.code === hidden.body.code)).toBe(false)
  })
})

it('no list of others shows anything of the team', async () => {
  const lists = routes.filter(
    ({ method, path }) =>
      method === 'get' && /^\/v1\/(videos|upload-links|webhooks|playback-keys|api-keys|projects|usage)$/.test(path),
  )
  expect(lists.length).toBe(7)
  for (const { path } of lists) {
    for (const token of [stranger.token, ...foreignKeys]) {
      const { body } = await send(token, 'GET', path)
      expect(JSON.stringify(body)).not.toContain(teamId)
      expect(JSON.stringify(body)).not.toContain(MARK)
    }
  }
})

describe('a member', () => {
  const video = async () => String(await MAKERS.videoId?.(teamId, {}))
  const see = (token: string, id: string, url?: string) => send(token, 'GET', `/v1/videos/${id}`, {}, url)
  const member = (id: string) => `/v1/projects/${teamId}/members/${id}`

  it('who is removed is refused within a second at every gateway, with the keys that they have created', async () => {
    const leaving = await signUp()
    const id = await video()
    await addMember(teamId, leaving, 'admin')
    const key = await keyFor(leaving, teamId)
    for (const { url } of [gateway, other]) {
      expect((await see(leaving.token, id, url)).status).toBe(200)
      expect((await see(key, id, url)).status).toBe(200)
    }
    await call(owner.token, 'DELETE', member(leaving.id))
    const removedAt = performance.now()
    await until(async () => {
      const statuses = [gateway, other].flatMap(({ url }) => [see(leaving.token, id, url), see(key, id, url)])
      const seen = (await Promise.all(statuses)).map(({ status }) => status)
      return seen.join() === '404,401,404,401'
    })
    expect(performance.now() - removedAt).toBeLessThan(1000)
    expect((await see(owner.token, id)).body.ownerId).toBe(owner.id)
  })

  it('whose role changes during an upload is refused at its end', async () => {
    const busy = await signUp()
    await addMember(teamId, busy, 'editor')
    const id = await video()
    expect((await see(busy.token, id)).status).toBe(200)
    let more: () => void = () => {}
    const changed = new Promise<void>((resolve) => {
      more = resolve
    })
    async function* body() {
      yield Buffer.from('first')
      await changed
      yield Buffer.from('last')
    }
    const headers = { authorization: `Bearer ${busy.token}`, 'content-type': 'video/mp4' }
    const upload = fetch(`${gateway.url}/v1/videos/${id}/source`, {
      ...{ method: 'PUT', headers, body: ReadableStream.from(body()) },
      duplex: 'half',
    } as RequestInit)
    await until(async () => Number((await call(owner.token, 'GET', `/v1/usage?projectId=${teamId}`)).uploads) > 0)
    await call(owner.token, 'PATCH', member(busy.id), { role: 'viewer' })
    await until(
      async () => (await send(busy.token, 'PATCH', `/v1/videos/${id}`, json({ title: 'Mine' }))).status === 403,
    )
    more()
    expect((await upload).status).toBe(403)
    expect((await see(busy.token, id)).body).toMatchObject({ status: 'awaiting_upload', projectId: teamId })
  })
})
