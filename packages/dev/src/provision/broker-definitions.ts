import { createHash, randomBytes } from 'node:crypto'
import { BROKER_PERMISSIONS, BROKER_TOPIC_PERMISSIONS } from '@kinora/common/bus'
import { BROKER_USERS, type BrokerPasswords } from './identities.ts'

/** The vhost and the users as a definitions file, for a broker that is not there yet; it carries no password. */
export function brokerDefinitions(vhost: string, passwords: BrokerPasswords) {
  return {
    vhosts: [{ name: vhost }],
    users: BROKER_USERS.map((name) => ({
      name,
      password_hash: passwordHash(passwords[name]),
      hashing_algorithm: 'rabbit_password_hashing_sha256',
      tags: [],
    })),
    permissions: BROKER_USERS.map((user) => ({ user, vhost, ...BROKER_PERMISSIONS[user] })),
    topic_permissions: BROKER_USERS.map((user) => ({ user, vhost, ...BROKER_TOPIC_PERMISSIONS[user] })),
  }
}

/** base64(salt ‖ SHA-256(salt ‖ password)) with 4 bytes of salt: https://www.rabbitmq.com/docs/passwords#this-is-the-algorithm */
function passwordHash(password: string): string {
  const salt = randomBytes(4)
  const digest = createHash('sha256').update(salt).update(password, 'utf8').digest()
  return Buffer.concat([salt, digest]).toString('base64')
}
