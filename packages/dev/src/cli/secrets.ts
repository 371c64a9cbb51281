import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parseEnv } from 'node:util'
import { newPassword } from '../backing/admin-passwords.ts'
import { brokerDefinitions } from '../provision/broker-definitions.ts'
import type { BrokerPasswords } from '../provision/identities.ts'
import { REPOSITORY } from '../repository.ts'
import { newSecrets } from '../system/secrets.ts'
import { envLines } from './env-lines.ts'

/**
 * `npm run secrets`: writes `.env` for docker compose, and the broker's users, whose passwords must agree with it. An
 * `.env` that is there keeps all it says, because the databases of a running installation know these passwords, and is
 * given what a newer version needs besides; the broker's users are written from it anew, with the rights of this version.
 */
const envFile = join(REPOSITORY, '.env')
const isNew = !existsSync(envFile)
const present = isNew ? '' : readFileSync(envFile, 'utf8')
appendFileSync(envFile, envLines(present, variablesBesides(parseEnv(present))), { mode: 0o600 })

const composeDir = join(REPOSITORY, '.kinora', 'compose')
mkdirSync(composeDir, { recursive: true })
// The container's own user must be able to read these two; they hold salted hashes of random passwords.
publish('rabbitmq.conf', 'load_definitions = /etc/rabbitmq/definitions.json\n')
const definitions = brokerDefinitions('kinora', brokerPasswordsIn(readFileSync(envFile, 'utf8')))
publish('rabbitmq-definitions.json', `${JSON.stringify(definitions, null, 2)}\n`)
process.stdout.write(
  isNew
    ? "Wrote .env and the broker's users in .kinora/compose. Next: docker compose up --build\n"
    : "Kept .env and wrote the broker's users in .kinora/compose anew. A running broker reads them when it restarts.\n",
)

function variablesBesides(present: NodeJS.Dict<string>): [name: string, value: string][] {
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
    OPERATOR_AMQP_PASSWORD: broker.operator,
    ...keys,
  }
  return Object.entries(variables).filter(([name]) => !present[name])
}

function brokerPasswordsIn(env: string): BrokerPasswords {
  const variables = parseEnv(env)
  const password = (name: string) => {
    const value = variables[name]
    if (!value) throw new Error(`.env lacks ${name}`)
    return value
  }
  return {
    gateway: password('GATEWAY_AMQP_PASSWORD'),
    auth: password('AUTH_AMQP_PASSWORD'),
    media: password('MEDIA_AMQP_PASSWORD'),
    worker: password('WORKER_AMQP_PASSWORD'),
    operator: password('OPERATOR_AMQP_PASSWORD'),
  }
}

function publish(name: string, content: string): void {
  const file = join(composeDir, name)
  writeFileSync(file, content)
  chmodSync(file, 0o644)
}
