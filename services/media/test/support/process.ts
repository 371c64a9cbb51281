import type { ClaimedTask, SourceFacts, Video } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import type { Gateway, UserActor } from './gateway.ts'
import { resultOf } from './results.ts'
import type { Worker } from './worker.ts'

/** Does all of a video's work, one task after another, until there is none; returns the tasks. */
export async function doAllWork(worker: Worker, videoId: string, facts?: SourceFacts): Promise<ClaimedTask[]> {
  const done: ClaimedTask[] = []
  while (done.at(-1)?.work.kind !== 'finalise') {
    const task = await worker.take(videoId)
    await worker.finish(task, resultOf(task.work, task.outputKey, facts))
    done.push(task)
  }
  return done
}

export async function videoWhen(
  gateway: Gateway,
  owner: UserActor,
  videoId: string,
  is: (video: Video) => boolean,
): Promise<Video> {
  return await until(async () => {
    const video = await gateway.getVideo(videoId, owner)
    return is(video) && video
  })
}
