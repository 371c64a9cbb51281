import type { ParkedMessage } from '@kinora/common/bus'
import type { Kysely } from 'kysely'
import type { MediaDb } from '../db/schema.ts'

/** Keeps a message that nobody will try again by himself; told twice it is kept once. */
export async function park(db: Kysely<MediaDb>, message: ParkedMessage): Promise<void> {
  await db
    .insertInto('parked')
    .values({
      id: message.id,
      origin: message.group,
      type: message.type,
      // PostgreSQL's text cannot hold U+0000.
      body: message.body.replaceAll('\0', '\uFFFD'),
      attempts: message.attempts,
      error_code: message.error.code,
      error_message: message.error.message.replaceAll('\0', '\uFFFD'),
    })
    .onConflict((conflict) => conflict.column('id').doNothing())
    .execute()
}
