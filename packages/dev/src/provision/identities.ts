import { createHmac } from 'node:crypto'

export const SERVICES = ['gateway', 'auth', 'media', 'worker'] as const
export type Service = (typeof SERVICES)[number]

/** The broker's users: one for each service, and one for the operator's command line. */
export const BROKER_USERS = [...SERVICES, 'operator'] as const
export type BrokerUser = (typeof BROKER_USERS)[number]
export type BrokerPasswords = Record<BrokerUser, string>

/** The services that own tables; each has the schema of its name and connects as `kinora_<name>`. */
export const SCHEMAS = ['auth', 'media'] as const
export type SchemaName = (typeof SCHEMAS)[number]
export type DatabasePasswords = Record<SchemaName, string>

/** Passwords derived from `key`, so that every process with the key computes the same ones. */
export function derivedPasswords<Name extends string>(names: readonly Name[], key: string): Record<Name, string> {
  const entries = names.map((name) => [name, createHmac('sha256', key).update(name).digest('hex')])
  return Object.fromEntries(entries) as Record<Name, string>
}

/** The broker's URL for one service's user; `/` is the default vhost. */
export function amqpUrlFor(adminUrl: string, vhost: string, user: BrokerUser, passwords: BrokerPasswords): string {
  const url = new URL(adminUrl)
  url.username = user
  url.password = passwords[user]
  url.pathname = `/${encodeURIComponent(vhost)}`
  return url.href
}

/** The database's URL for one service's role. */
export function databaseUrlFor(
  adminUrl: string,
  database: string,
  schema: SchemaName,
  passwords: DatabasePasswords,
): string {
  const url = new URL(adminUrl)
  url.username = `kinora_${schema}`
  url.password = passwords[schema]
  url.pathname = `/${database}`
  return url.href
}
