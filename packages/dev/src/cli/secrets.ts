import { chmodSync, existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { newPassword } from '../backing/admin-passwords.ts'
import { brokerDefinitions } from '../provision/broker-definitions.ts'
import { REPOSITORY } from '../repository.ts'
import { newSecrets } from '../system/secrets.ts'

/**
 * `npm run secrets`: writes `.env` for docker compose, and the broker's users, whose passwords must agree with it.
 * Never overwrites: the databases of a running installation know these passwords.
 */
const envFile = join(REPOSITORY, '.env')
if (existsSync(envFile)) {
  process.stderr.write('.env exists already and is left as it is. To start anew, remove it and the compose volumes.\n')
  process.exit(1)
}

const { broker, database, keys } = newSecrets()
const variables = {
  POSTGRES_PASSWORD: newPassword(),
  REDIS_PASSWORD: newPassword(),
  AUTH_DB_PASSWORD: database.auth,
  MEDIA_DB_PASSWORD: database.media,
  GATEWAY_AMQP_PASSWORD: broker.gateway,
  AUTH_AMQP_PASSWORD: broker.auth,
  MEDIA_AMQP_PASSWORD: broker.media,
  WORKER_AMQP_PASSWORD: broker.worker,
  ...keys,
}

const composeDir = join(REPOSITORY, '.kinora', 'compose')
mkdirSync(composeDir, { recursive: true })
// The container's own user must be able to read these two; they hold salted hashes of random passwords.
publish('rabbitmq.conf', 'load_definitions = /etc/rabbitmq/definitions.json\n')
publish('rabbitmq-definitions.json', `${JSON.stringify(brokerDefinitions('kinora', broker), null, 2)}\n`)

const lines = Object.entries(variables).map(([name, value]) => `${name}=${value}`)
writeFileSync(envFile, `${lines.join('\n')}\n`, { mode: 0o600, flag: 'wx' })
process.stdout.write("Wrote .env and the broker's users in .kinora/compose. Next: docker compose up --build\n")

function publish(name: string, content: string): void {
  const file = join(composeDir, name)
  writeFileSync(file, content)
  chmodSync(file, 0o644)
}
