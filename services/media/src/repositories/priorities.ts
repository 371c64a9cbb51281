import { sql, type Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'
import { type Candidate, taskPriority } from '../domain/priority.ts'

/** The places of these tasks in the workers' queues, as things are now. */
export async function priorities(tx: Transaction<MediaDb>, taskIds: readonly string[]): Promise<Map<string, number>> {
  const { rows } = await sql<Candidate & { id: string }>`
    select task.id, task.kind, task.ordinal, (
      select count(*)::integer from videos other
      where other.owner_id = video.owner_id and other.status in ('uploaded', 'processing')
        and (other.created_at, other.id) < (video.created_at, video.id)
    ) as earlier
    from tasks task join videos video on video.id = task.video_id
    where task.id = any(${taskIds}::uuid[])`.execute(tx)
  return new Map(rows.map(({ id, ...candidate }) => [id, taskPriority(candidate)]))
}
