import { randomBytes, randomUUID } from 'node:crypto'
import { connect } from 'node:net'
import { digestOfApiKey, sealApiKey } from '@kinora/common/api-key'
import { events, type ResolvedApiKey, Scope } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { until } from '@kinora/dev/harness'
import { beforeEach, describe, expect, it } from 'vitest'
import { routes } from '../src/routes/index.ts'
import { useGateway } from './support/use-gateway.ts'

const { gateway, auth, media, another, request } = await useGateway()
const video = media.addVideo({ visibility: 'public' })
const known = new Map<string, ResolvedApiKey>()

beforeEach(() => {
  auth.on.resolveApiKey = async ({ digest }) => {
    const found = known.get(digest)
    if (!found) throw new AppError('API_KEY_INVALID')
    return found
  }
})

const newKey = () => sealApiKey(randomBytes(16).toString('hex'))
function issue(fields: Partial<ResolvedApiKey> = {}): { key: string; id: string; headers: Record<string, string> } {
  const key = newKey()
  const [id, userId] = [randomUUID(), randomUUID()]
  const project = { projectId: userId, projectRole: 'owner' as const }
  const all = {
    id,
    userId,
    ...project,
    role: 'user' as const,
    scopes: Scope.options,
    ratePerMinute: null,
    expiresAt: null,
  }
  known.set(digestOfApiKey(key), { ...all, ...fields })
  return { key, id, headers: bearer(key) }
}
const bearer = (key: string) => ({ authorization: `Bearer ${key}` })
const get = (key: string, url = gateway.url) => fetch(`${url}/v1/videos/${video.id}`, { headers: bearer(key) })
const codeOf = async (answer: Response) => ((await answer.json()) as { code?: string }).code
const lookups = () => auth.calls.resolveApiKey ?? 0

/** A revocation as auth makes it: added to the list and published. */
async function revoke(id: string): Promise<void> {
  const expiresAt = new Date(Date.now() + 900_000).toISOString()
  const sequence = auth.revocations.length + 1
  const made = {
    sequence,
    sessionIds: [],
    apiKeyIds: [id],
    accountIds: [],
    reason: 'api_key_revoked' as const,
    expiresAt,
  }
  auth.revocations.push(made)
  await auth.say(events['auth.sessions-revoked'], randomUUID(), sequence, made)
}
const refuseAll = (code: 'API_KEY_REVOKED' | 'API_KEY_EXPIRED' | 'ACCOUNT_DISABLED') => {
  auth.on.resolveApiKey = async () => {
    throw new AppError(code)
  }
}

describe('an API key', () => {
  it('is looked up by its hash, and once for concurrent requests', async () => {
    const { key } = issue()
    const before = lookups()
    const inputs: unknown[] = []
    const resolve = auth.on.resolveApiKey
    auth.on.resolveApiKey = async (input, call) => {
      inputs.push(input)
      return (await resolve?.(input, call)) as ResolvedApiKey
    }
    const answers = await Promise.all(Array.from({ length: 20 }, () => get(key)))
    expect(answers.map(({ status }) => status)).toEqual(Array(20).fill(200))
    expect((await get(key)).status).toBe(200)
    expect(lookups() - before).toBe(1)
    expect(inputs).toEqual([{ digest: digestOfApiKey(key) }])
  })

  it('that is malformed is refused without a lookup; one that auth does not know is looked up once', async () => {
    const before = lookups()
    for (const bad of [`${newKey().slice(0, -1)}!`, 'knr_', newKey().replace(/.$/, (c) => (c === 'a' ? 'b' : 'a'))]) {
      const answer = await get(bad)
      expect(answer.status).toBe(401)
    }
    expect(lookups()).toBe(before)
    const unknown = newKey()
    for (let i = 0; i < 3; i++) expect(await codeOf(await get(unknown))).toBe('API_KEY_INVALID')
    expect(lookups() - before).toBe(1)
  })

  it.each([
    ['API_KEY_REVOKED', 401],
    ['API_KEY_EXPIRED', 401],
    ['ACCOUNT_DISABLED', 403],
  ] as const)('that auth refuses with %s is refused so', async (code, status) => {
    refuseAll(code)
    const answer = await get(newKey())
    expect(answer.status).toBe(status)
    if (status === 401) expect(answer.headers.get('www-authenticate')).toContain('error="invalid_token"')
    expect(await codeOf(answer)).toBe(code)
  })

  it('expires although it is cached', async () => {
    const { key } = issue({ expiresAt: new Date(Date.now() + 4000).toISOString() })
    expect((await get(key)).status).toBe(200)
    await until(async () => (await codeOf(await get(key))) === 'API_KEY_EXPIRED', { timeoutMs: 15_000, every: 100 })
  })

  it('is never logged', async () => {
    const { key, id } = issue()
    await get(key)
    await until(() => gateway.log.join('').includes(id))
    expect(gateway.log.join('')).not.toContain(key)
  })
})

describe('the revocation of a key', () => {
  it('reaches every gateway', async () => {
    const second = await another({})
    const { key, id } = issue()
    for (const url of [gateway.url, second.url]) expect((await get(key, url)).status).toBe(200)
    refuseAll('API_KEY_REVOKED')
    await revoke(id)
    const refused = [gateway.url, second.url].map((url) =>
      until(async () => (await get(key, url)).status === 401, { timeoutMs: 15_000, every: 10 }),
    )
    await Promise.all(refused)
  })

  it('that was missed is found through the gap in the sequence', async () => {
    const { key } = issue()
    expect((await get(key)).status).toBe(200)
    refuseAll('API_KEY_REVOKED')
    auth.revocations.push({ ...auth.revocations[0], sequence: auth.revocations.length + 1 } as never)
    await revoke(randomUUID())
    await until(async () => (await codeOf(await get(key))) === 'API_KEY_REVOKED')
  })

  it('overtakes a lookup under way: its result admits no later request', async () => {
    const { key, id } = issue()
    const resolved = known.get(digestOfApiKey(key)) as ResolvedApiKey
    let answer = () => {}
    auth.on.resolveApiKey = () => new Promise((resolve) => (answer = () => resolve(resolved)))
    const before = lookups()
    const early = get(key)
    await until(() => lookups() > before)
    refuseAll('API_KEY_REVOKED')
    await revoke(id)
    await until(async () => (await codeOf(await get(key))) === 'API_KEY_REVOKED', { timeoutMs: 15_000, every: 10 })
    answer()
    expect((await early).status).toBe(200)
    expect(await codeOf(await get(key))).toBe('API_KEY_REVOKED')
  })

  it('ends its event streams', async () => {
    const { id, headers } = issue()
    const stream = await request(`/v1/videos/${video.id}/events`, { headers })
    expect(stream.status).toBe(200)
    await revoke(id)
    expect(await stream.text()).toContain('retry:')
  })

  it('ends its uploads', async () => {
    const { key, id } = issue()
    const target = media.addVideo()
    const socket = connect(gateway.port, '127.0.0.1')
    let received = ''
    socket.on('data', (chunk) => {
      received += chunk
    })
    const head = [`PUT /v1/videos/${target.id}/source HTTP/1.1`, 'Host: x', `Authorization: Bearer ${key}`]
    socket.write(`${[...head, 'Content-Type: video/mp4', 'Content-Length: 1000000'].join('\r\n')}\r\n\r\n`)
    await until(() => (media.calls.beginUpload ?? 0) > 0)
    await revoke(id)
    await until(() => {
      socket.write(Buffer.alloc(1000))
      return received.includes('API_KEY_REVOKED')
    })
    socket.destroy()
    expect(media.videos.get(target.id)?.source).toBeNull()
  })

  it('ends an upload that was admitted before it; one after the account is enabled again is stored', async () => {
    const { key, id } = issue()
    const { beginUpload } = media.on
    let begin = () => {}
    const held = new Promise<void>((resolve) => (begin = resolve))
    const before = media.calls.beginUpload ?? 0
    media.on.beginUpload = async (input, call) => {
      await held
      return await (beginUpload as NonNullable<typeof beginUpload>)(input, call)
    }
    const put = () => {
      const headers = { ...bearer(key), 'content-type': 'video/mp4' }
      return request(`/v1/videos/${media.addVideo().id}/source`, { method: 'PUT', headers, body: Buffer.alloc(1000) })
    }
    const early = put()
    await until(() => (media.calls.beginUpload ?? 0) > before)
    const asked = lookups()
    await revoke(id)
    await until(async () => (await get(key)).status === 200 && lookups() > asked)
    begin()
    media.on.beginUpload = beginUpload
    expect(await codeOf(await early)).toBe('API_KEY_REVOKED')
    expect((await put()).status).toBe(202)
  })
})

describe('the routes of an API key', () => {
  const rows = routes.filter((row) => row.auth !== 'none')
  const send = (row: (typeof rows)[number], headers: Record<string, string>) =>
    request(
      row.path.replace(/:\w+/g, () => randomUUID()),
      { method: row.method.toUpperCase(), headers },
    )
  const named = rows.map((row) => ({ ...row, name: `${row.method.toUpperCase()} ${row.path}` }))

  it.each(named.filter(({ scope }) => scope === undefined))('$name refuses all keys', async (row) => {
    const answer = await send(row, issue({ role: 'admin' }).headers)
    expect(answer.status).toBe(403)
    expect(await codeOf(answer)).toBe('API_KEY_NOT_ACCEPTED')
  })

  it.each(named.filter(({ scope }) => scope !== undefined))(
    '$name needs the scope $scope and no other',
    async (row) => {
      const others = Scope.options.filter((scope) => scope !== row.scope)
      const refused = await send(row, issue({ scopes: others, role: 'admin' }).headers)
      expect(refused.status).toBe(403)
      expect(refused.headers.get('www-authenticate')).toBe(
        `Bearer realm="kinora", error="insufficient_scope", scope="${row.scope}"`,
      )
      // The response to a HEAD has no body.
      if (row.method !== 'head') expect(await codeOf(refused)).toBe('INSUFFICIENT_SCOPE')
      const allowed = await send(row, issue({ scopes: [row.scope as Scope], role: 'admin' }).headers)
      expect([401, 403]).not.toContain(allowed.status)
      await allowed.body?.cancel()
    },
  )

  it('never include those for personal data', () => {
    const personal = /^\/v1\/(api-keys|auth\/(password|sessions|logout|totp|recovery|email))|service-accounts/
    const open = rows.filter(({ path, scope }) => personal.test(path) && scope !== undefined)
    expect(open.map(({ path }) => path)).toEqual([])
  })

  it('for administrators need an administrator', async () => {
    const answer = await request('/v1/admin/users', { headers: issue({ role: 'user' }).headers })
    expect(await codeOf(answer)).toBe('FORBIDDEN')
  })
})

describe('the allowance of a key', () => {
  const statuses = async (n: number, url: string, headers: Record<string, string>) => {
    const seen: number[] = []
    for (let i = 0; i < n; i++) seen.push((await fetch(`${url}/v1/videos/${video.id}`, { headers })).status)
    return seen
  }

  it('is separate from those of its owner and of other keys', async () => {
    const { url } = await another({ RATE_LIMIT_API_KEY: '2/60', RATE_LIMIT_USER: '1/60' })
    const userId = randomUUID()
    const [first, second] = [issue({ userId }), issue({ userId })]
    expect(await statuses(3, url, first.headers)).toEqual([200, 200, 429])
    expect(await statuses(1, url, second.headers)).toEqual([200])
  })

  it('is not a new one with each key: all keys of an account have two allowances together', async () => {
    const { url } = await another({ RATE_LIMIT_API_KEY: '2/60' })
    const userId = randomUUID()
    const seen: number[] = []
    for (let n = 0; n < 5; n++) seen.push(...(await statuses(2, url, issue({ userId }).headers)))
    expect(seen).toEqual([200, 200, 200, 200, 429, 429, 429, 429, 429, 429])
    expect(await statuses(1, url, issue().headers)).toEqual([200])
  })

  it('can be smaller for one key, and is in the headers', async () => {
    const { headers } = issue({ ratePerMinute: 2 })
    const answer = await request(`/v1/videos/${video.id}`, { headers })
    expect(answer.headers.get('ratelimit-policy')).toBe(
      '"key-lookup";q=100000;w=60, "api-key";q=100000;w=60, "api-key-own";q=2;w=60, "api-keys";q=200000;w=60',
    )
    expect(answer.headers.get('ratelimit')).toMatch(/"api-key-own";r=1;t=\d+,/)
    expect(await statuses(2, gateway.url, headers)).toEqual([200, 429])
  })
})

describe('the lookup of keys', () => {
  it('is counted by address before auth is called; known keys keep working', async () => {
    const { url } = await another({ RATE_LIMIT_KEY_LOOKUP: '2/60' })
    const { key } = issue()
    expect((await get(key, url)).status).toBe(200)
    const before = lookups()
    const statuses = []
    for (let i = 0; i < 3; i++) statuses.push((await get(newKey(), url)).status)
    expect(statuses).toEqual([401, 429, 429])
    expect(lookups() - before).toBe(1)
    expect((await get(key, url)).status).toBe(200)
  })
})

describe('without auth', () => {
  it('known keys keep working, and others are refused at once', async () => {
    const { key } = issue()
    expect((await get(key)).status).toBe(200)
    const other = issue()
    await auth.stop()
    expect((await get(key)).status).toBe(200)
    const refused = await get(other.key)
    expect(refused.status).toBe(503)
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await codeOf(refused)).toBe('DEPENDENCY_UNAVAILABLE')
  })
})
