import { runMigrations } from '@kinora/common/db'
import { schema } from './db/migrations/index.ts'

/** A program that creates or upgrades media's schema and database role, as an administrator, and exits. */
await runMigrations(schema)
