import type { SchemaPrivileges } from '@kinora/common/db'

/**
 * Tables where auth's role may not read and write freely, so that an attacker in the service cannot rewrite its audit
 * log.
 */
export const privileges: SchemaPrivileges = {
  tables: {
    audit_log: ['select', 'insert'],
    audit_log_unchained: ['select', 'delete'],
    audit_head: ['select', 'update'],
  },
  functions: ['erase_audit_origins'],
}
