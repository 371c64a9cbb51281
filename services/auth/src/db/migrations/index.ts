import type { SchemaDefinition } from '@kinora/common/db'
import { privileges } from '../privileges.ts'
import { identity } from './0001-identity.ts'
import { outbox } from './0002-outbox.ts'
import { secondFactor } from './0003-second-factor.ts'
import { mail } from './0004-mail.ts'
import { apiKeys } from './0005-api-keys.ts'
import { administration } from './0006-administration.ts'
import { keyRotation } from './0007-key-rotation.ts'
import { auditChain } from './0008-audit-chain.ts'
import { sessionTransport } from './0009-session-transport.ts'
import { erasures } from './0009b-erasures.ts'
import { auditSubject } from './0013-audit-subject.ts'

/** Auth's part of the database; `kinora_auth` reaches nothing else. */
export const schema: SchemaDefinition = {
  schema: 'auth',
  role: 'kinora_auth',
  privileges,
  migrations: [
    identity,
    outbox,
    secondFactor,
    mail,
    apiKeys,
    administration,
    keyRotation,
    auditChain,
    sessionTransport,
    erasures,
    auditSubject,
  ],
}
