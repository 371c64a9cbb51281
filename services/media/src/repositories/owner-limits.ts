import type { Limits } from '@kinora/common/contracts'
import type { Kysely, Transaction } from 'kysely'
import type { MediaDb } from '../db/schema.ts'

/** Changes what is given and leaves the rest; null takes an owner's own limit back. */
export async function changeLimits(tx: Transaction<MediaDb>, ownerId: string, change: Partial<Limits>): Promise<void> {
  const { storedBytes, uploadBytes, minutes, videoSeconds, runningTasks } = change
  const columns = {
    ...(storedBytes !== undefined && { stored_bytes: storedBytes }),
    ...(uploadBytes !== undefined && { upload_bytes: uploadBytes }),
    ...(minutes !== undefined && { minutes }),
    ...(videoSeconds !== undefined && { video_seconds: videoSeconds }),
    ...(runningTasks !== undefined && { running_tasks: runningTasks }),
  }
  await tx
    .insertInto('owner_limits')
    .values({ owner_id: ownerId, ...columns })
    .onConflict((conflict) =>
      Object.keys(columns).length > 0
        ? conflict.column('owner_id').doUpdateSet(columns)
        : conflict.column('owner_id').doNothing(),
    )
    .execute()
}

export async function forgetLimits(db: Kysely<MediaDb>, ownerId: string): Promise<void> {
  await db.deleteFrom('owner_limits').where('owner_id', '=', ownerId).execute()
}
