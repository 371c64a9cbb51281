import type { BrokerPasswords, BrokerUser, DatabasePasswords, SchemaName } from './identities.ts'

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
