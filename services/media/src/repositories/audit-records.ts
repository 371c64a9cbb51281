import type { Call } from '@kinora/common/contract'
import { events, NotedAction } from '@kinora/common/contracts'
import { sayEvent } from '@kinora/common/db'
import type { Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'

/** Has auth write into the audit log what an administrator does here, if and only if the transaction commits. */
export async function noteAction(
  tx: Transaction<MediaDb>,
  { actor, requestId, client }: Call,
  action: NotedAction['action'],
  subject: string,
): Promise<void> {
  const from = client ? { ip: client.ip, userAgent: client.userAgent } : null
  await sayEvent(
    tx,
    events['audit.noted'],
    { aggregateId: subject, sequence: 1 },
    { action, actor: NotedAction.shape.actor.parse(actor), subject, requestId, client: from },
  )
}
