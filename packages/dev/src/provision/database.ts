import { schema as auth } from '@kinora/auth/migrations'
import { allowOnly, provisionSchema } from '@kinora/common/db'
import { schema as media } from '@kinora/media/migrations'
import pg from 'pg'
import type { DatabasePasswords } from './identities.ts'

/** Creates or upgrades the schemas and roles of both services in the database of `adminUrl`; returns a line for each step. */
export async function provisionDatabase(adminUrl: string, passwords: DatabasePasswords): Promise<string[]> {
  const done = await provisionSchema(adminUrl, auth, passwords.auth)
  return [...done, ...(await provisionSchema(adminUrl, media, passwords.media))]
}

/** As a copy of `template`, which has the schemas, it is open to their roles alone: privileges on a database are not copied. */
export async function createDatabase(adminUrl: string, name: string, template?: string): Promise<void> {
  await asAdmin(adminUrl, async (client) => {
    const from = template ? ` template ${client.escapeIdentifier(template)}` : ''
    await client.query(`create database ${client.escapeIdentifier(name)}${from}`)
    if (template) await allowOnly(client, name, [auth.role, media.role])
  })
}

export async function databaseExists(adminUrl: string, name: string): Promise<boolean> {
  return asAdmin(adminUrl, async (client) => {
    const { rowCount } = await client.query('select 1 from pg_database where datname = $1', [name])
    return rowCount === 1
  })
}

/** Drops the database if it exists, even while clients are connected to it. */
export async function dropDatabase(adminUrl: string, name: string): Promise<void> {
  await asAdmin(adminUrl, (client) =>
    client.query(`drop database if exists ${client.escapeIdentifier(name)} with (force)`),
  )
}

/** The same server and credentials, another database. */
export function onDatabase(adminUrl: string, name: string): string {
  const url = new URL(adminUrl)
  url.pathname = `/${name}`
  return url.href
}

async function asAdmin<T>(adminUrl: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: adminUrl, connectionTimeoutMillis: 10_000 })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}
