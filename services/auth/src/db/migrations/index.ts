import type { SchemaDefinition } from '@kinora/common/db'
import { privileges } from '../privileges.ts'
import { initial } from './0001-initial.ts'
import { invites } from './0002-invites.ts'
import { mailedInvites } from './0003-mailed-invites.ts'

/** Auth's part of the database; `kinora_auth` reaches nothing else. Released migrations are never changed, only added to. */
export const schema: SchemaDefinition = {
  schema: 'auth',
  role: 'kinora_auth',
  privileges,
  migrations: [initial, invites, mailedInvites],
}
