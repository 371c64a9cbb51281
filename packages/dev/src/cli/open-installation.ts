import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Lifecycle, loadConfig } from '@kinora/common/service'
import { s3Credentials, storageSettings } from '@kinora/common/storage'
import { z } from 'zod'
import { startBacking } from '../backing/index.ts'
import { provisionBroker } from '../provision/broker.ts'
import { createDatabase, databaseExists, onDatabase, provisionDatabase } from '../provision/database.ts'
import { amqpUrlFor, databaseUrlFor } from '../provision/urls.ts'
import { keptSecrets, type ServiceKeys } from '../system/secrets.ts'
import type { Installation } from '../system/service-env.ts'
import type { Console } from './console.ts'

const NAME = 'kinora'

const settings = z.object(storageSettings).partial()

/** This checkout's own Kinora: its servers, accounts and videos live in `dir` and are there again the next time. */
export async function openInstallation(
  dir: string,
  life: Lifecycle,
  console: Console,
): Promise<{ installation: Installation; keys: ServiceKeys }> {
  const backing = await console.step('Backing servers started', async () =>
    life.use(await startBacking({ dir, durable: true, log: console.line }), 'backing', (it) => it.stop()),
  )
  const secrets = keptSecrets(join(dir, 'secrets.json'))
  const { postgres, rabbitmq, redis } = backing
  await console.step('Database and broker prepared', async () => {
    if (!(await databaseExists(postgres.adminUrl, NAME))) await createDatabase(postgres.adminUrl, NAME)
    await provisionDatabase(onDatabase(postgres.adminUrl, NAME), secrets.database)
    await provisionBroker(rabbitmq.managementUrl, { vhost: NAME, passwords: secrets.broker })
  })
  return {
    installation: {
      amqpUrl: (user) => amqpUrlFor(rabbitmq.adminUrl, NAME, user, secrets.broker),
      databaseUrl: (schema) => databaseUrlFor(postgres.adminUrl, NAME, schema, secrets.database),
      redisUrl: redis.url,
      redisPrefix: `${NAME}:`,
      ...openStorage(dir),
    },
    keys: secrets.keys,
  }
}

/** The store that STORAGE_URL names, with keys in the variables that the services read them from; else a folder. */
function openStorage(dir: string): Pick<Installation, 'storageUrl' | 'storageCredentials'> {
  const { STORAGE_URL, ...given } = loadConfig(settings, process.env)
  if (STORAGE_URL !== undefined) {
    const storageCredentials = s3Credentials(given)
    return { storageUrl: STORAGE_URL, ...(storageCredentials && { storageCredentials }) }
  }
  const folder = join(dir, 'storage')
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  return { storageUrl: pathToFileURL(folder).href }
}
