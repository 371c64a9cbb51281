import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Lifecycle, loadConfig } from '@kinora/common/service'
import { s3Credentials, storageSettings } from '@kinora/common/storage'
import { z } from 'zod'
import { unavailable } from '../backing/choose-servers.ts'
import { type DurableBacking, startDurableBacking } from '../backing/index.ts'
import type { BackingKind } from '../backing/servers-memory.ts'
import { provisionBroker } from '../provision/broker.ts'
import { createDatabase, databaseExists, onDatabase, provisionDatabase } from '../provision/database.ts'
import { amqpUrlFor, type DatabasePasswords, databaseUrlFor } from '../provision/identities.ts'
import { keptSecrets, type ServiceKeys } from '../system/secrets.ts'
import type { Installation } from '../system/service-env.ts'
import type { Console } from './console.ts'

const NAME = 'kinora'

const settings = z.object(storageSettings).partial()

/**
 * Opens this checkout's installation, whose servers, accounts and videos are kept in `dir`: starts the servers of the last
 * start, or of the kind `change`, and upgrades the database. Throws when data of an earlier start would be missing.
 */
export async function openInstallation(
  dir: string,
  life: Lifecycle,
  console: Console,
  change?: BackingKind,
): Promise<{ installation: Installation; keys: ServiceKeys }> {
  const backing = await console.step('Backing servers started', async () =>
    life.use(await startDurableBacking({ dir, log: console.line, change }), 'backing', (it) => it.stop()),
  )
  const secrets = keptSecrets(join(dir, 'secrets.json'))
  const { postgres, rabbitmq, redis } = backing
  await console.step('Database and broker prepared', async () => {
    await prepareDatabase(backing, dir, secrets.database, console)
    await provisionBroker(rabbitmq.managementUrl, { vhost: NAME, passwords: secrets.broker })
  })
  backing.remember()
  return {
    installation: {
      amqpUrl: (user) => amqpUrlFor(rabbitmq.adminUrl, NAME, user, secrets.broker),
      databaseUrl: (schema) => databaseUrlFor(postgres.adminUrl, NAME, schema, secrets.database),
      redisUrl: redis.url,
      redisPrefix: `${NAME}:`,
      ...openStorage(join(dir, backing.servers.storage)),
    },
    keys: secrets.keys,
  }
}

/** Creates or upgrades the database. Throws when servers in use have lost theirs, because an empty one would hide that. */
async function prepareDatabase(
  { postgres, servers, continues }: DurableBacking,
  dir: string,
  passwords: DatabasePasswords,
  console: Console,
): Promise<void> {
  const exists = await databaseExists(postgres.adminUrl, NAME)
  if (!exists && continues) throw new Error(unavailable(servers, dir, `there is no database "${NAME}"`))
  if (!exists) await createDatabase(postgres.adminUrl, NAME)
  const done = await provisionDatabase(onDatabase(postgres.adminUrl, NAME), passwords)
  if (exists) for (const line of done) console.line(line)
}

/** The store of STORAGE_URL, with keys from the services' own variables; otherwise a folder. */
function openStorage(folder: string): Pick<Installation, 'storageUrl' | 'storageCredentials'> {
  const { STORAGE_URL, ...given } = loadConfig(settings, process.env)
  if (STORAGE_URL !== undefined) {
    const storageCredentials = s3Credentials(given)
    return { storageUrl: STORAGE_URL, ...(storageCredentials && { storageCredentials }) }
  }
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return { storageUrl: pathToFileURL(folder).href }
}
