import { createHash, randomBytes } from 'node:crypto'
import { brokerPermissions, brokerTopology, topicPermissions } from '@kinora/common/bus'
import { events } from '@kinora/common/contracts'
import { BROKER_USERS, type BrokerPasswords } from './identities.ts'

/** The vhost, its exchanges and queues and the users as a definitions file, for a new broker; it carries no password. */
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

/** base64(salt ‖ SHA-256(salt ‖ password)) with 4 bytes of salt: https://www.rabbitmq.com/docs/passwords#this-is-the-algorithm */
function passwordHash(password: string): string {
  const salt = randomBytes(4)
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest()
  return Buffer.concat([salt, digest]).toString('base64')
}
