import { provisionSchema } from '@kinora/common/db'
import { loadConfig } from '@kinora/common/service'
import { z } from 'zod'
import { schema } from './db/migrations/index.ts'

/** One-shot: makes or upgrades media's schema and its role, as an administrator of the database. */
const config = loadConfig(
  z.object({
    DATABASE_ADMIN_URL: z.url({ protocol: /^postgres(ql)?$/ }),
    MEDIA_DB_PASSWORD: z.string().min(1),
  }),
)

await provisionSchema(config.DATABASE_ADMIN_URL, schema, config.MEDIA_DB_PASSWORD)
