import { provisionSchema } from '@kinora/common/db'
import { loadConfig } from '@kinora/common/service'
import { z } from 'zod'
import { schema } from './db/migrations/index.ts'

/** A program that creates or upgrades auth's schema and database role, as an administrator, prints each step, and exits. */
const migrateConfig = z.object({
  DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  AUTH_DB_PASSWORD: z.string().min(8),
})

try {
  const config = loadConfig(migrateConfig)
  const done = await provisionSchema(config.DATABASE_ADMIN_URL, schema, config.AUTH_DB_PASSWORD)
  process.stdout.write(`${done.join('\n') || 'auth: nothing to do'}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
