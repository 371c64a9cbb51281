import { createHmac, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { freePort, until, useSystem, useTestEnvironment } from '@kinora/dev/harness'
import { connect } from 'amqplib'
import { expect, onTestFinished, test } from 'vitest'
import { operations } from './support/access/matrix.ts'
import { type Person, refresh, register, signIn } from './support/accounts.ts'
import type { Page, Tokens, User } from './support/api-types.ts'
import { type Client, createClient } from './support/client.ts'
import { kinora, kinoraAtTerminal, kinoraRunning } from './support/operator.ts'
import { GENEROUS } from './support/settings.ts'
import { createVideo } from './support/videos.ts'

const world = await useTestEnvironment()
const system = await useSystem({ installation: world, workers: 0, env: GENEROUS })
const second = await system.addGateway()
const visitor = createClient(system.gatewayUrl)
const amqpUrl = world.amqpUrl('operator')
const run = (...args: string[]) => kinora(amqpUrl, args)

async function json<T>(...args: string[]): Promise<T> {
  const { code, output, errors } = await run(...args, '--json')
  expect({ code, errors }).toEqual({ code: 0, errors: '' })
  return JSON.parse(output) as T
}

async function signInAs(email: string, password: string): Promise<Client> {
  return visitor.as((await visitor.call<Tokens>('POST', '/v1/auth/login', { email, password })).accessToken)
}

/** Waits until both gateways refuse this token, which must be soon, and gives their codes. */
async function refusals(client: Client, path = '/v1/auth/me'): Promise<unknown[]> {
  return await Promise.all(
    [client, client.at(second.url)].map((at) =>
      until(
        async () => {
          const { status, body } = await at.send('GET', path)
          return status >= 400 && (body as { code: string }).code
        },
        { timeoutMs: 15_000, every: 20 },
      ),
    ),
  )
}

const newEmail = () => `${randomBytes(6).toString('hex')}@example.com`
const PASSWORD = 'eleven herons over the lake'
const chief = newEmail()

test('the first administrator is made on an empty installation, and once', async () => {
  const args = ['admin', 'create', '--email', chief, '--display-name', 'Chief', '--password-stdin']
  const first = await kinora(amqpUrl, args, `${PASSWORD}\n`)
  expect(first).toMatchObject({ code: 0, output: `${chief} is an administrator and can sign in\n`, errors: '' })
  const again = await kinora(amqpUrl, args, 'another good password\n')
  expect(again).toMatchObject({ code: 0, output: expect.stringContaining('nothing was changed') })

  const admin = await signInAs(chief, PASSWORD)
  const { items } = await admin.call<Page<User>>('GET', '/v1/admin/users')
  expect(items).toMatchObject([{ email: chief, role: 'admin', displayName: 'Chief', sessions: 1 }])
})

test('the password is asked for at the terminal, which shows nothing of it', async () => {
  const email = newEmail()
  const shown = await kinoraAtTerminal(amqpUrl, ['admin', 'create', '--email', email], [PASSWORD, PASSWORD])
  expect(shown).toContain(`${email} is an administrator and can sign in`)
  expect(shown).not.toContain(PASSWORD)
  await signInAs(email, PASSWORD)
  const different = await kinoraAtTerminal(amqpUrl, ['admin', 'create', '--email', newEmail()], [PASSWORD, 'another'])
  expect(different).toContain('The passwords are not the same')
})

test('a project is created for an account, and listed with its members', async () => {
  const person = await register(visitor)
  const project = await json<{ id: string }>('projects', 'create', 'Films', '--owner', person.email)
  expect((await run('projects', 'list')).output).toContain(`${project.id}  Films`)
  const { output } = await run('projects', 'members', project.id)
  expect(output).toMatch(new RegExp(`${person.tokens.user.id} +${person.email} .*owner`))
  expect(await person.client.call('GET', `/v1/projects/${project.id}`)).toMatchObject({ name: 'Films', role: 'owner' })
})

test('accounts are listed for people and for programs', async () => {
  const person = await register(visitor)
  const { output } = await run('users', 'list', '--q', person.email)
  const [head, row, ...rest] = output.trimEnd().split('\n')
  expect(head).toMatch(/^ID +E-MAIL +NAME +ROLE +STATE +SESSIONS +LAST LOGIN$/)
  expect(row).toContain(`${person.tokens.user.id}  ${person.email}`)
  expect(row?.indexOf(person.email)).toBe(head?.indexOf('E-MAIL'))
  expect(rest).toEqual([])
  const { items } = await json<Page<User>>('users', 'list', '--role', 'user', '--limit', '1000')
  expect(items.map(({ email }) => email)).toContain(person.email)
  expect(await json<User>('users', 'show', person.email)).toMatchObject({ id: person.tokens.user.id, sessions: 1 })
  expect((await run('users', 'list', '--q', 'no such person')).output).toBe('Nothing found\n')
})

test('a person is invited by mail, or by a link to pass on', async () => {
  const [mailed, linked] = [newEmail(), newEmail()]
  expect(await json('users', 'invite', mailed)).toMatchObject({ email: mailed, mailed: true, token: null, url: null })
  const { output } = await run('users', 'invite', linked, '--link')
  expect(output).toMatch(/^http\S+\/account\/register#token=\S+; it works once, until \S+/)
  expect(await run('users', 'invite', chief)).toMatchObject({ code: 1 })
})

test('a demoted administrator is one no more at any gateway at once', async () => {
  const person = await register(visitor)
  await run('users', 'promote', person.email)
  const admin = visitor.as((await refresh(visitor, person.tokens.refreshToken)).accessToken)
  for (const at of [admin, admin.at(second.url)]) await at.call('GET', '/v1/admin/audit')
  expect(await run('users', 'demote', person.email)).toMatchObject({ code: 0, errors: '' })
  expect(await refusals(admin, '/v1/admin/audit')).toEqual(['TOKEN_REVOKED', 'TOKEN_REVOKED'])
  const { client } = await signIn(visitor, person)
  expect(await refusals(client, '/v1/admin/audit')).toEqual(['FORBIDDEN', 'FORBIDDEN'])
})

test('a disabled account is refused at every gateway at once, until it is enabled', async () => {
  const admin = await signInAs(chief, PASSWORD)
  const person = await register(visitor)
  const { id } = person.tokens.user
  for (const at of [person.client, person.client.at(second.url)]) await at.call('GET', '/v1/auth/me')
  await admin.call('PATCH', `/v1/admin/users/${id}`, { disabled: true })
  expect(await refusals(person.client)).toEqual(['ACCOUNT_DISABLED', 'ACCOUNT_DISABLED'])
  expect(await run('users', 'enable', id)).toMatchObject({ code: 0, output: `${person.email} is enabled\n` })
  await signIn(visitor, person)
})

test('sessions are ended, one or all', async () => {
  const person = await register(visitor)
  const other: Person = await signIn(visitor, person)
  const { items } = await json<Page<{ id: string }>>('sessions', 'list', person.email)
  expect(items).toHaveLength(2)
  await run('sessions', 'revoke', person.email, '--session', items[0]?.id ?? '')
  expect(await refusals(other.client)).toEqual(['TOKEN_REVOKED', 'TOKEN_REVOKED'])
  await person.client.call('GET', '/v1/auth/me')
  await run('sessions', 'revoke', person.tokens.user.id)
  expect(await refusals(person.client)).toEqual(['TOKEN_REVOKED', 'TOKEN_REVOKED'])
})

test('the audit log says who did what to whom', async () => {
  const person = await register(visitor)
  await run('users', 'promote', person.email)
  const { items } = await json<Page<object>>('audit', 'list', '--user', person.email, '--action', 'user_promote')
  const userId = person.tokens.user.id
  expect(items).toMatchObject([{ userId, actor: { kind: 'service', id: 'operator' }, outcome: 'success' }])
  const { output } = await run('audit', 'list', '--user', person.email)
  expect(output).toMatch(/user_promote +success .* operator/)
})

test('an account of the role support sees how things are, and nothing more', async () => {
  const email = newEmail()
  const created = await kinora(amqpUrl, ['users', 'create', email, '--password-stdin'], `${PASSWORD}\n`)
  expect(created).toMatchObject({ code: 0, output: `${email} can sign in\n`, errors: '' })
  expect(await kinora(amqpUrl, ['users', 'create', email, '--password-stdin'], `${PASSWORD}\n`)).toMatchObject({
    ...{ code: 1, errors: expect.stringContaining('EMAIL_TAKEN') },
  })
  const before = await signInAs(email, PASSWORD)
  expect((await before.refusal('GET', '/v1/admin/videos')).status).toBe(403)
  expect((await run('users', 'support', email)).output).toContain('supports others')
  expect(await refusals(before)).toEqual(['TOKEN_REVOKED', 'TOKEN_REVOKED'])

  const agent = await signInAs(email, PASSWORD)
  const customer = await register(visitor)
  const { id } = await customer.client.call<{ id: string }>('POST', '/v1/videos', {
    title: 'Bees',
    externalId: 'hive-1',
  })
  const { items } = await agent.call<Page<{ id: string }>>('GET', '/v1/admin/videos?externalId=hive-1')
  expect(items).toMatchObject([{ id, title: 'Bees' }])
  const customerId = customer.tokens.user.id
  for (const path of [
    `videos/${id}`,
    `videos/${id}/webhook-deliveries`,
    `users/${customerId}`,
    `users/${customerId}/usage`,
    `projects/${customerId}/usage`,
  ]) {
    expect((await agent.send('GET', `/v1/admin/${path}`)).status, path).toBe(200)
  }
  expect((await agent.refusal('GET', `/v1/videos/${id}`)).status).toBe(404)
  for (const operation of operations('admin')) {
    const path = operation.path.replace(/\{\w+\}/g, id)
    const answer = await agent.refusal(operation.method, path, { json: operation.json })
    expect(answer, `${operation.method} ${path}`).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } })
  }
  const agentId = (await agent.call<User>('GET', '/v1/auth/me')).id
  const listed = async () => (await json<Page<{ action: string }>>('audit', 'list', '--actor', agentId)).items
  await until(async () => {
    const actions = (await listed()).map(({ action }) => action)
    return ['videos_search', 'video_inspect', 'usage_read'].every((action) => actions.includes(action))
  })
})

test('videos of anybody are found and shown', async () => {
  const customer = await register(visitor)
  const video = await customer.client.call<{ id: string }>('POST', '/v1/videos', { title: 'Bees' })
  const { output } = await run('videos', 'list', '--owner', customer.email)
  expect(output).toContain(`${video.id}  Bees`)
  expect((await run('videos', 'show', video.id)).output).toContain('awaiting_upload')
  expect((await run('videos', 'retry', video.id)).errors).toContain('NOTHING_TO_RETRY')
  await until(async () => (await json<Page<unknown>>('audit', 'list', '--action', 'videos_search')).items.length > 0)
})

test('tasks and signing keys are listed', async () => {
  expect(await json('tasks', 'list', '--status', 'running')).toEqual({ items: [], nextCursor: null })
  const { items } = await json<Page<{ stage: string }>>('keys', 'list')
  expect(items.map(({ stage }) => stage)).toEqual(expect.arrayContaining(['current', 'next']))
})

test('a parked message is looked at and discarded, and the audit log says by whom', async () => {
  const parkedId = '0'.repeat(64)
  await run('parked', 'list')
  const connection = await connect(world.amqpUrl('worker'))
  const channel = await connection.createConfirmChannel()
  channel.publish('events', 'task.failed', Buffer.from('no event'), {
    type: 'task.failed',
    userId: 'worker',
    messageId: parkedId,
  })
  await channel.waitForConfirms()
  await connection.close()
  const { output } = await until(async () => {
    const shown = await run('parked', 'show', parkedId)
    return shown.code === 0 && shown
  })
  expect(output).toMatch(/BODY +no event/)
  expect((await run('parked', 'redrive', parkedId)).errors).toContain('PARKED_UNREADABLE')
  const admin = await signInAs(chief, PASSWORD)
  const { items } = await admin.call<Page<{ id: string }>>('GET', '/v1/admin/parked')
  expect(items.map(({ id }) => id)).toContain(parkedId)
  await admin.call('DELETE', `/v1/admin/parked/${parkedId}`)
  expect((await run('parked', 'discard', parkedId)).errors).toContain('PARKED_NOT_FOUND')
  const rows = await until(async () => {
    const found = await json<Page<{ subject: string }>>('audit', 'list', '--action', 'parked_discard')
    return found.items.length > 0 && found.items
  })
  expect(rows).toMatchObject([{ subject: parkedId, actor: { kind: 'user' }, outcome: 'success' }])
})

test('what webhooks are told is printed as it happens, and forwarded with a good signature', async () => {
  const got: { id: unknown; signature: unknown; timestamp: unknown; body: string }[] = []
  const server = createServer(async (request, response) => {
    const { 'webhook-id': id, 'webhook-signature': signature, 'webhook-timestamp': timestamp } = request.headers
    got.push({ id, signature, timestamp, body: (await request.toArray()).map(String).join('') })
    response.end()
  })
  server.listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const hook = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`
  const key = randomBytes(32)
  const env = { AMQP_URL: amqpUrl, WEBHOOK_SECRET: `whsec_${key.toString('base64')}` }
  const [ann, bob] = [await register(visitor), await register(visitor)]
  const args = ['listen', '--user', ann.email, '--forward', hook]
  const listening = kinoraRunning(env, ['--json', ...args])
  onTestFinished(() => void listening.interrupt())
  await until(() => listening.errors.includes('Listening'), { timeoutMs: 60_000 })

  for (const { client } of [bob, ann]) {
    const { id } = await createVideo(client, { title: 'Sea' })
    await client.call('DELETE', `/v1/videos/${id}`)
  }
  const [{ id, timestamp, body, signature } = expect.fail()] = await until(() => got.length > 0 && got, {
    timeoutMs: 60_000,
  })
  expect(signature).toBe(`v1,${createHmac('sha256', key).update(`${id}.${timestamp}.${body}`).digest('base64')}`)
  await until(() => listening.errors.includes(`video.deleted: ${hook} answered 200`), { timeoutMs: 60_000 })
  expect(await listening.interrupt()).toBe(0)
  expect(listening.output).toBe(`${body}\n`)
  expect(JSON.parse(body)).toMatchObject({
    type: 'video.deleted',
    data: { title: 'Sea', ownerId: ann.tokens.user.id },
  })
  expect(got).toHaveLength(1)
})

test.each([
  [
    'refused, with the code',
    ['users', 'show', randomBytes(4).toString('hex').concat('@example.com')],
    1,
    'USER_NOT_FOUND: ',
  ],
  ['wrong usage: an unknown command', ['users', 'rename'], 2, "unknown command 'rename'"],
  ['wrong usage: no e-mail address', ['admin', 'create', '--email', 'nobody', '--password-stdin'], 2, 'password'],
  ['wrong usage: no id', ['users', 'show', 'nobody'], 2, 'userId: '],
  ['wrong usage: not a number', ['users', 'list', '--limit', 'many'], 2, '--limit'],
])('a script can tell what went wrong: %s', async (_name, args, code, words) => {
  const ran = await run(...args)
  expect(ran).toMatchObject({ code, output: '' })
  expect(ran.errors).toContain(words)
})

test('a system that is not there is said to be unreachable', async () => {
  const nobody = `amqp://operator:secret@127.0.0.1:${await freePort()}/kinora`
  const ran = await kinora(nobody, ['users', 'list'])
  expect(ran.code).toBe(3)
  expect(ran.errors).toContain('RabbitMQ does not answer at 127.0.0.1')
  expect(ran.errors).not.toContain('secret')
  const refused = new URL(amqpUrl)
  refused.password = 'wrong'
  expect((await kinora(refused.href, ['users', 'list'])).code).toBe(3)
})

test('a signing key is retired at both gateways within seconds, and signing in works on', async () => {
  const admin = await signInAs(chief, PASSWORD)
  const { items } = await json<Page<{ kid: string; stage: string }>>('keys', 'list')
  const kid = items.find(({ stage }) => stage === 'current')?.kid ?? ''
  expect(await run('keys', 'retire', kid, '--reason', 'a test')).toMatchObject({ code: 0, errors: '' })
  expect(await refusals(admin)).toEqual(['KEY_RETIRED', 'KEY_RETIRED'])
  expect((await (await signInAs(chief, PASSWORD)).send('GET', '/v1/auth/me')).status).toBe(200)
  expect((await run('keys', 'retire', 'nonsense', '--reason', 'a test')).errors).toContain('KEY_NOT_FOUND')
})

test('the audit log is verified, and a row that does not belong there ends the command with 1', async () => {
  const { sequence, hash } = await json<{ sequence: number; hash: string }>('audit', 'verify')
  expect((await run('audit', 'verify', '--after', `${sequence}:${hash}`)).code).toBe(0)
  const found = await run('audit', 'verify', '--after', `1:${'0'.repeat(64)}`)
  expect(found).toMatchObject({ code: 1, errors: 'kinora: AUDIT_CHAIN_BROKEN: row 2: misplaced\n' })
})
