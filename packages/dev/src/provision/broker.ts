import { createHash, randomBytes } from 'node:crypto'
import { brokerPermissions, brokerTopology, topicPermissions } from '@kinora/common/bus'
import { events } from '@kinora/common/contracts'
import { BROKER_USERS, type BrokerPasswords } from './identities.ts'

export type BrokerProvision = { vhost: string; passwords: BrokerPasswords }

/**
 * Creates or corrects the vhost, its exchanges, queues and bindings, and its users, each with only the rights it needs.
 * Bindings of events that an older version subscribed to are left. Throws when RabbitMQ refuses.
 */
export async function provisionBroker(managementUrl: string, { vhost, passwords }: BrokerProvision): Promise<void> {
  const api = managementApi(managementUrl)
  const vhostPath = encodeURIComponent(vhost)
  await api.request('PUT', `/vhosts/${vhostPath}`, {})
  const known = Object.values(events)
  await api.request('POST', `/definitions/${vhostPath}`, brokerTopology(known))
  for (const user of BROKER_USERS) {
    await putUser(api, user, passwords[user])
    await api.request('PUT', `/permissions/${vhostPath}/${user}`, brokerPermissions(user, known))
    for (const permissions of topicPermissions(user, known)) {
      await api.request('PUT', `/topic-permissions/${vhostPath}/${user}`, permissions)
    }
  }
}

/** RabbitMQ 3.10 answers 400 to one of two requests that create the same user at once; the second try succeeds. */
async function putUser(api: ManagementApi, user: string, password: string): Promise<void> {
  const put = () => api.request('PUT', `/users/${user}`, { password, tags: '' })
  await put().catch(put)
}

export async function removeVhost(managementUrl: string, vhost: string): Promise<void> {
  await managementApi(managementUrl).request('DELETE', `/vhosts/${encodeURIComponent(vhost)}`)
}

/**
 * The vhost, its exchanges and queues and its users as a RabbitMQ definitions file, for a broker that does not run yet. Of
 * passwords it contains only salted hashes.
 */
export function brokerDefinitions(vhost: string, passwords: BrokerPasswords) {
  const known = Object.values(events)
  const topology = brokerTopology(known)
  return {
    vhosts: [{ name: vhost }],
    users: BROKER_USERS.map((name) => ({
      name,
      password_hash: passwordHash(passwords[name]),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: [],
    })),
    permissions: BROKER_USERS.map((user) => ({ user, vhost, ...brokerPermissions(user, known) })),
    topic_permissions: BROKER_USERS.flatMap((user) =>
      topicPermissions(user, known).map((permissions) => ({ user, vhost, ...permissions })),
    ),
    exchanges: topology.exchanges.map((exchange) => ({ vhost, ...exchange })),
    queues: topology.queues.map((queue) => ({ vhost, ...queue })),
    bindings: topology.bindings.map((binding) => ({ vhost, ...binding })),
  }
}

/**
 * base64(salt ‖ SHA-256(salt ‖ password)) with 4 bytes of salt:
 * https://www.rabbitmq.com/docs/passwords#this-is-the-algorithm
 */
function passwordHash(password: string): string {
  const salt = randomBytes(4)
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest()
  return Buffer.concat([salt, digest]).toString('base64')
}

/** RabbitMQ's management HTTP API, as the administrator whose name and password the URL carries. */
export type ManagementApi = {
  /** Throws on any answer outside 2xx, except 404 to a DELETE, whose aim is reached. Returns the JSON body, if there is one. */
  request(method: 'GET' | 'PUT' | 'DELETE' | 'POST', path: string, body?: unknown): Promise<unknown>
}

const ANSWER_MS = 15_000

export function managementApi(managementUrl: string): ManagementApi {
  const { origin, username, password } = new URL(managementUrl)
  const credentials = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  const headers = {
    authorization: `Basic ${Buffer.from(credentials).toString('base64')}`,
    'content-type': 'application/json',
  }
  return {
    async request(method, path, body) {
      const init = { method, headers, signal: AbortSignal.timeout(ANSWER_MS) }
      const answer = await fetch(
        `${origin}/api${path}`,
        body === undefined ? init : { ...init, body: JSON.stringify(body) },
      )
      const text = await answer.text()
      if (method === 'DELETE' && answer.status === 404) return undefined
      if (!answer.ok) throw new Error(`RabbitMQ answered ${answer.status} to ${method} ${path}: ${text}`)
      return text ? JSON.parse(text) : undefined
    },
  }
}
