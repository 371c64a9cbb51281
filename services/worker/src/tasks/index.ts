import type { TaskKind, TaskResult, TaskWork } from '@kinora/common/contracts'
import { audio } from './audio.ts'
import { download } from './download.ts'
import { finalise } from './finalise.ts'
import type { Job, JobContext } from './job.ts'
import { poster } from './poster.ts'
import { probe } from './probe.ts'
import { storyboard } from './storyboard.ts'
import { video } from './video.ts'

/** One file a kind of task; a kind without a job does not compile. */
const jobs: { [K in TaskKind]: Job<K> } = { probe, audio, video, poster, storyboard, download, finalise }

export async function runJob(work: TaskWork, context: JobContext): Promise<TaskResult> {
  return await (jobs[work.kind] as Job<TaskKind>)(work, context)
}
