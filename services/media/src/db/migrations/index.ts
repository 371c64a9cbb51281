import type { SchemaDefinition } from '@kinora/common/db'
import { videos } from './0001-videos.ts'
import { outboxAndInbox } from './0002-outbox-inbox.ts'
import { parts } from './0003-parts.ts'
import { erasures } from './0009-erasures.ts'
import { uploads } from './0010-uploads.ts'
import { limits } from './0011-limits.ts'
import { explained } from './0013-explained.ts'
import { attemptLogs } from './0013b-attempt-logs.ts'
import { presentation } from './0014-presentation.ts'
import { webhooks } from './0016-webhooks.ts'
import { passports } from './0017-passports.ts'
import { outputs } from './0018-outputs.ts'
import { sourceChapters } from './0018b-source-chapters.ts'
import { watermarks } from './0018c-watermarks.ts'
import { headStart } from './0019-head-start.ts'
import { installation } from './0020-installation.ts'

/** Media's part of the database; `kinora_media` reaches nothing else. */
export const schema: SchemaDefinition = {
  schema: 'media',
  role: 'kinora_media',
  migrations: [
    videos,
    outboxAndInbox,
    parts,
    erasures,
    uploads,
    limits,
    explained,
    attemptLogs,
    presentation,
    webhooks,
    passports,
    outputs,
    sourceChapters,
    watermarks,
    headStart,
    installation,
  ],
}
