import { createHash } from 'node:crypto'

export const REDIS_USERS = ['gateway', 'media'] as const
export type RedisUser = (typeof REDIS_USERS)[number]
export type RedisPasswords = Record<RedisUser, string>

/** Commands that the client sends when it connects. It would also send its version, which is not needed. */
const CONNECT = ['ping', 'info', 'client|setname']

/** The keys of each service below the installation's prefix, and the commands that it sends or runs in a script. */
const USE: Record<RedisUser, { keys: string; commands: readonly string[] }> = {
  gateway: { keys: 'rate:*', commands: ['get', 'set', 'incrby', 'expire', 'pttl', 'eval', 'evalsha'] },
  media: { keys: 'media:*', commands: ['mget', 'set'] },
}

/**
 * The rules of one user, as Redis takes them in `ACL SETUSER` and in an ACL file: its own keys, no channels, and no command that
 * it does not need. The password is stored as SHA-256, which is safe for random passwords.
 */
export function redisRules(user: RedisUser, password: string, prefix: string): string[] {
  const { keys, commands } = USE[user]
  const hash = createHash('sha256').update(password).digest('hex')
  const allowed = [...CONNECT, ...commands].map((command) => `+${command}`)
  return ['reset', 'on', `#${hash}`, `~${prefix}${keys}`, '-@all', ...allowed]
}

/** The ACL file of a Redis that only Kinora uses (`aclfile`). The default user is disabled. */
export function redisAclFile(passwords: RedisPasswords, prefix: string): string {
  const users = REDIS_USERS.map((user) => `user ${user} ${redisRules(user, passwords[user], prefix).join(' ')}`)
  return ['user default reset', ...users].map((line) => `${line}\n`).join('')
}
