import { provisionSchema } from '@kinora/common/db'
import { loadConfig } from '@kinora/common/service'
import { z } from 'zod'
import { schema } from './db/migrations/index.ts'

/** A one-shot program that creates or upgrades media's schema and database role as an administrator, and prints what it did. */
const migrateConfig = z.object({
  DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  MEDIA_DB_PASSWORD: z.string().min(8),
})

try {
  const config = loadConfig(migrateConfig)
  const done = await provisionSchema(config.DATABASE_ADMIN_URL, schema, config.MEDIA_DB_PASSWORD)
  process.stdout.write(`${done.join('\n') || 'media: nothing to do'}\n`)
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`)
  process.exitCode = 1
}
