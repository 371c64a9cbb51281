import { parseEnv } from 'node:util'
import { newPassword } from '../backing/backing.ts'
import type { BrokerPasswords } from '../provision/identities.ts'
import { newSecrets } from '../system/secrets.ts'

/** New values for the variables of docker compose that `env`, the text of an `.env` file, lacks. */
export function missingVariables(env: string): [name: string, value: string][] {
  const present = parseEnv(env)
  const { broker, database, keys } = newSecrets()
  const variables = {
    POSTGRES_PASSWORD: newPassword(),
    GATEWAY_REDIS_PASSWORD: newPassword(),
    MEDIA_REDIS_PASSWORD: newPassword(),
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

/** The text to append to an `.env` file with the content `env`, whose last line may lack its newline. */
export function envLines(env: string, variables: readonly [name: string, value: string][]): string {
  const lines = variables.map(([name, value]) => `${name}=${value}\n`).join('')
  return lines === '' || env === '' || env.endsWith('\n') ? lines : `\n${lines}`
}

/** The broker passwords in the text of an `.env` file; throws when one is missing. */
export function brokerPasswordsIn(env: string): BrokerPasswords {
  const password = passwordsIn(env)
  return {
    gateway: password('GATEWAY_AMQP_PASSWORD'),
    auth: password('AUTH_AMQP_PASSWORD'),
    media: password('MEDIA_AMQP_PASSWORD'),
    worker: password('WORKER_AMQP_PASSWORD'),
    operator: password('OPERATOR_AMQP_PASSWORD'),
  }
}

/** The Redis passwords in the text of an `.env` file; throws when one is missing. */
export function redisPasswordsIn(env: string): { gateway: string; media: string } {
  const password = passwordsIn(env)
  return { gateway: password('GATEWAY_REDIS_PASSWORD'), media: password('MEDIA_REDIS_PASSWORD') }
}

function passwordsIn(env: string): (name: string) => string {
  const variables = parseEnv(env)
  return (name) => {
    const value = variables[name]
    if (!value) throw new Error(`.env lacks ${name}`)
    return value
  }
}
