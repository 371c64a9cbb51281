import type { Backing } from './backing.ts'

const NAMES = [
  'KINORA_POSTGRES_ADMIN_URL',
  'KINORA_RABBITMQ_ADMIN_URL',
  'KINORA_RABBITMQ_MANAGEMENT_URL',
  'KINORA_REDIS_URL',
] as const

/**
 * Servers managed by somebody else, from the KINORA_*_URL variables; `undefined` when none is set. Throws when only some are
 * set, because silently using other servers would hide the mistake.
 */
export function backingFromEnvironment(env: NodeJS.ProcessEnv): Backing | undefined {
  const missing = NAMES.filter((name) => !env[name])
  if (missing.length === NAMES.length) return undefined
  if (missing.length > 0) throw new Error(`Some servers' URLs are set, but not ${missing.join(', ')}`)
  const url = (name: (typeof NAMES)[number]) => env[name] ?? ''
  return {
    kind: 'environment',
    postgres: { adminUrl: url('KINORA_POSTGRES_ADMIN_URL') },
    rabbitmq: {
      adminUrl: url('KINORA_RABBITMQ_ADMIN_URL'),
      managementUrl: url('KINORA_RABBITMQ_MANAGEMENT_URL'),
    },
    redis: { url: url('KINORA_REDIS_URL') },
    stop: async () => {},
  }
}

/** `host:port` of a PostgreSQL server, which identifies it without its password. */
export function serverAddress(url: string): string {
  const { hostname, port } = new URL(url)
  return `${hostname}:${port || '5432'}`
}
