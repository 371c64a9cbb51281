import type { SchemaDefinition, SchemaPrivileges } from '@kinora/common/db'
import { initial } from './0001-initial.ts'
import { invites } from './0002-invites.ts'
import { mailedInvites } from './0003-mailed-invites.ts'
import { projects } from './0004-projects.ts'
import { idempotencyKeys } from './0005-idempotency-keys.ts'
import { supportRole } from './0007-support-role.ts'

/**
 * Tables where auth's role may not read and write freely, so that an attacker in the service cannot rewrite its audit
 * log.
 */
const privileges: SchemaPrivileges = {
  tables: {
    audit_log: ['select', 'insert'],
    audit_log_unchained: ['select', 'delete'],
    audit_head: ['select', 'update'],
  },
  functions: ['erase_audit_origins'],
}

/** Auth's part of the database; `kinora_auth` reaches nothing else. Released migrations are never changed, only added to. */
export const schema: SchemaDefinition = {
  schema: 'auth',
  role: 'kinora_auth',
  privileges,
  migrations: [initial, invites, mailedInvites, projects, idempotencyKeys, supportRole],
}
