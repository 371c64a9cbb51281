import type { EventData } from '@kinora/common/contract'
import type { events } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { sayProgress } from '../repositories/change-video.ts'
import { renewLease } from '../repositories/tasks.ts'

/** A heartbeat. Telling it twice or late does no harm, so it needs no inbox. */
export async function taskProgressed(
  ctx: Context,
  { fraction, ...lease }: EventData<(typeof events)['task.progressed']>,
): Promise<void> {
  const videoId = await renewLease(ctx.db, lease, fraction, ctx.config.LEASE_MS)
  if (videoId) await sayProgress(ctx, videoId)
}
