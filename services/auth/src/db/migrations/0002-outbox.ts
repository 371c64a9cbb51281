import { type Migration, OUTBOX_DDL } from '@kinora/common/db'

export const outbox: Migration = { name: '0002-outbox', sql: OUTBOX_DDL }
