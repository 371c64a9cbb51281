import { INBOX_DDL, type Migration, OUTBOX_DDL } from '@kinora/common/db'

export const outboxAndInbox: Migration = { name: '0002-outbox-inbox', sql: `${OUTBOX_DDL};\n${INBOX_DDL}` }
