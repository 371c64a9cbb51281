import { readFileSync } from 'node:fs'
import { z } from 'zod'

export class ConfigError extends Error {
  constructor(problems: string[]) {
    super(`The configuration is not valid:\n${problems.map((problem) => `  ${problem}`).join('\n')}`)
    this.name = 'ConfigError'
  }
}

/** Reads `NAME` from the file in `NAME_FILE=/run/secrets/name`, without the last line break. */
function readFileVariants(env: NodeJS.ProcessEnv, names: string[], problems: string[]): Record<string, string> {
  const values: Record<string, string> = {}
  for (const name of names) {
    const [value, file] = [env[name], env[`${name}_FILE`]]
    if (value !== undefined && value !== '') values[name] = value
    if (file === undefined || file === '') continue
    try {
      values[name] = readFileSync(file, 'utf8').replace(/\r?\n$/, '')
    } catch (error) {
      problems.push(`${name}_FILE: cannot be read (${(error as NodeJS.ErrnoException).code})`)
    }
  }
  return values
}

/**
 * Reads a service's settings from its environment. Throws one `ConfigError` that names every bad variable and shows no
 * value.
 */
export function loadConfig<S extends z.ZodObject>(schema: S, env: NodeJS.ProcessEnv = process.env): z.output<S> {
  const problems: string[] = []
  const values = readFileVariants(env, Object.keys(schema.shape), problems)
  const parsed = schema.safeParse(values)
  if (!parsed.success) problems.push(...parsed.error.issues.map((issue) => `${issue.path.join('.')}: ${issue.message}`))
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems)
  return parsed.data
}

/** A whole number from the environment. */
export const integer = (min: number, max: number) => z.coerce.number().int().min(min).max(max)

/** A secret key: base64 of at least 32 bytes. */
export const secretKey = z
  .string()
  .refine((value) => Buffer.from(value, 'base64').length >= 32, 'must be base64 of at least 32 bytes')

/** Variables that every service reads. */
export const serviceConfig = z.object({
  LOG_LEVEL: z.enum(['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent']).default('info'),
  AMQP_URL: z.url({ protocol: /^amqps?$/ }),
  /** The host of `/livez`, `/readyz` and `/metrics`, which must not be public. */
  INTERNAL_HOST: z.string().default('127.0.0.1'),
  INTERNAL_PORT: integer(0, 65_535).default(0),
  BREAKER_FAILURES: integer(1, 1000).default(5),
  BREAKER_RESET_MS: integer(10, 3_600_000).default(60_000),
  OTEL_EXPORTER_OTLP_ENDPOINT: z.url().optional(),
})
export type ServiceConfig = z.output<typeof serviceConfig>

const COMMA = /\s*,\s*/

/** Parses `a, b` to a list; empty when unset. */
export const list = z
  .string()
  .default('')
  .transform((text) => text.trim().split(COMMA).filter(Boolean))

/** Variables of services that check the origin of pages. */
export const webOrigins = {
  /** The URL that clients use; pages of its origin may call the API. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }).default('http://localhost:8080'),
  /** Further origins whose pages may call the API, e.g. `https://app.example.com,https://admin.example.com`. */
  CORS_ORIGINS: list,
}

/** The web origins whose pages may use the API: its own and those in the settings. */
export function allowedOrigins({ PUBLIC_URL, CORS_ORIGINS }: { PUBLIC_URL: string; CORS_ORIGINS: string[] }) {
  return new Set([PUBLIC_URL, ...CORS_ORIGINS].map((url) => new URL(url).origin)) as ReadonlySet<string>
}
