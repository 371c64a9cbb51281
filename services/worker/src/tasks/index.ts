import type { TaskKind, TaskResult, TaskWork } from '@kinora/common/contracts'
import { audio } from './audio.ts'
import { download } from './download.ts'
import { finalise } from './finalise.ts'
import { poster } from './poster.ts'
import { probe } from './probe.ts'
import { still } from './still.ts'
import { storyboard } from './storyboard.ts'
import { subtitles } from './subtitles.ts'
import type { Task, TaskContext } from './task.ts'
import { transcribe } from './transcribe.ts'
import { video } from './video.ts'

/** One file for each kind of task; a kind without a file does not compile. */
const tasks: { [K in TaskKind]: Task<K> } = {
  ...{ probe, audio, video, poster, storyboard, subtitles, transcribe, download, still, finalise },
}

export async function runTask(work: TaskWork, context: TaskContext): Promise<TaskResult> {
  return await (tasks[work.kind] as Task<TaskKind>)(work, context)
}
