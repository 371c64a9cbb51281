import type { Migration } from '@kinora/common/db'

/** Audit rows of what administrators do in other services; null in older rows, whose hashes it leaves as they are. */
export const auditSubject: Migration = {
  name: '0013-audit-subject',
  sql: 'alter table audit_log add column subject text',
}
