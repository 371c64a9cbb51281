import type { SourceFacts, Video } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import type { MediaConfig } from '../config.ts'
import type { Tx, VideoRow } from '../db/schema.ts'
import { remuxRung } from '../domain/ladder.ts'
import { overlayOf, planTasks, planVideo } from '../domain/plan.ts'
import { addTasks } from '../repositories/tasks.ts'
import { recordPlan } from '../repositories/video-states.ts'
import { takeOverSpeculation } from './speculative-segments.ts'

/** Turns the facts that the probe found into a plan and all its tasks. */
export async function planSource(
  tx: Tx,
  video: VideoRow,
  facts: SourceFacts,
  { MAX_RENDITION, REMUX }: Pick<MediaConfig, 'MAX_RENDITION' | 'REMUX'>,
): Promise<void> {
  const sourceKey = video.source_key
  if (sourceKey === null) throw new Error('a probed video has no source')
  const plan = planVideo(facts, MAX_RENDITION, overlayOf(video.watermark))
  const renditions: Video['renditions'] = plan.rungs.map(({ name, width, height }) => {
    return { name, width, height, bitrate: null, status: 'processing' }
  })
  await recordPlan(tx, video.id, { facts, plan, renditions })
  // A watermark is part of every frame, so the source's frames cannot be used as they are.
  const remuxed = REMUX && !plan.watermark ? remuxRung(facts, plan.rungs) : null
  const planned = planTasks(plan, facts, sourceKey, keys.videoFolder(video.id), remuxed)
  await addTasks(tx, video.id, await takeOverSpeculation(tx, video, planned))
}
