import { appendFileSync, chmodSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brokerDefinitions } from '../provision/broker.ts'
import { redisAclFile } from '../provision/redis-users.ts'
import { REPOSITORY } from '../repository.ts'
import { brokerPasswordsIn, envLines, missingVariables, redisPasswordsIn } from './compose-env.ts'

/**
 * `npm run secrets`: writes `.env` for docker compose, and the users of RabbitMQ and Redis with the same passwords. An existing
 * `.env` keeps its values, because the databases of a running installation contain these passwords, and gets the variables
 * that a newer version needs. The users are always rewritten, with the rights of this version.
 */
const envFile = join(REPOSITORY, '.env')
const isNew = !existsSync(envFile)
const present = isNew ? '' : readFileSync(envFile, 'utf8')
appendFileSync(envFile, envLines(present, missingVariables(present)), { mode: 0o600 })

const composeDir = join(REPOSITORY, '.kinora', 'compose')
mkdirSync(composeDir, { recursive: true })
// The containers' own users must be able to read these files; they contain hashes of random passwords.
publish('rabbitmq.conf', 'load_definitions = /etc/rabbitmq/definitions.json\n')
const env = readFileSync(envFile, 'utf8')
publish(
  'rabbitmq-definitions.json',
  `${JSON.stringify(brokerDefinitions('kinora', brokerPasswordsIn(env)), null, 2)}\n`,
)
publish('redis-users.acl', redisAclFile(redisPasswordsIn(env), 'kinora:'))
process.stdout.write(
  isNew
    ? 'Wrote .env, and the users of RabbitMQ and Redis in .kinora/compose. Next: docker compose up --build\n'
    : 'Kept the values in .env and rewrote the users of RabbitMQ and Redis in .kinora/compose. They are read at a restart.\n',
)

function publish(name: string, content: string): void {
  const file = join(composeDir, name)
  writeFileSync(file, content)
  chmodSync(file, 0o644)
}
