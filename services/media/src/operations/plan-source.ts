import type { SourceFacts } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import type { MediaConfig } from '../config.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { copiedRung } from '../domain/ladder.ts'
import { planTasks, planVideo } from '../domain/plan.ts'
import { overlayOf } from '../domain/watermark.ts'
import { addTasks } from '../repositories/tasks.ts'
import { takeHeadStart } from './speculative-segments.ts'

/** Turns what the probe found into a plan and all its tasks. */
export async function planWork(
  tx: Tx,
  video: VideoRow,
  facts: SourceFacts,
  { MAX_RENDITION, REMUX }: Pick<MediaConfig, 'MAX_RENDITION' | 'REMUX'>,
): Promise<void> {
  const plan = planVideo(facts, MAX_RENDITION, video.watermark ? overlayOf(video.watermark) : undefined)
  const renditions = plan.rungs.map(({ name, width, height }) => ({
    name,
    width,
    height,
    bitrate: null,
    status: 'processing',
  }))
  await tx
    .updateTable('videos')
    .set({
      facts: JSON.stringify(facts),
      plan: JSON.stringify(plan),
      renditions: JSON.stringify(renditions),
    })
    .where('id', '=', video.id)
    .execute()
  const sourceKey = video.source_key
  if (sourceKey === null) throw new Error('a video that was probed has a source')
  // A watermark lies in every picture: nothing can be copied then.
  const copied = REMUX && !plan.watermark ? copiedRung(facts, plan.rungs) : null
  const planned = planTasks(plan, facts, sourceKey, keys.videoFolder(video.id), copied)
  await addTasks(tx, video.id, await takeHeadStart(tx, video, planned))
}
