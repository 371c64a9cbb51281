import type { SchemaPrivileges } from '@kinora/common/db'

/** Where auth's role may do less than read and write: nobody who takes over the service can rewrite its audit log. */
export const privileges: SchemaPrivileges = {
  tables: {
    audit_log: ['select', 'insert'],
    audit_log_unchained: ['select', 'delete'],
    audit_head: ['select', 'update'],
  },
  functions: ['erase_audit_origins'],
}
