import type { TaskResult, TaskWork } from '@kinora/common/contracts'
import type { ResultOf } from '../../src/domain/task-work.ts'

/** The number of frames to encode of a source. */
const FRAMES = 50

type Work<K> = Extract<TaskWork, { kind: K }>
/** Runs one task; throws when it failed. */
export type Worker = <T extends TaskWork>(task: T) => Promise<ResultOf<T['kind']>>

/** Runs the tasks of a source: the probe, then its first frames, poster and audio. Throws the first failure. */
export async function processSource(work: Worker, sourceKey: string): Promise<TaskResult[]> {
  const probed = await work<Work<'probe'>>({ kind: 'probe', sourceKey })
  const { facts } = probed
  const { width, height, frameCount } = facts.video
  const even = (side: number) => Math.max(2, Math.floor(side / 2) * 2)
  const rungs = [{ name: 'rung', width: even(width), height: even(height), maxrate: 300, firstSegment: 0 }]
  const chunk = { startFrame: 0, frameCount: Math.min(frameCount, FRAMES), firstSegment: 0 }
  const plan = { facts, rungs, chunk, gopFrames: FRAMES, segmentFrames: FRAMES }
  const tasks: TaskWork[] = [{ kind: 'poster', sourceKey, facts }]
  if (facts.kind !== 'audio') tasks.unshift({ kind: 'video', sourceKey, ...plan })
  if (facts.audio) tasks.push({ kind: 'audio', sourceKey, facts, segmentSeconds: 6, firstSegment: 0 })
  const ended = await Promise.allSettled(tasks.map((task) => work(task)))
  const failed = ended.find((end) => end.status === 'rejected')
  if (failed) throw failed.reason
  return [probed, ...ended.map((end) => (end as PromiseFulfilledResult<TaskResult>).value)]
}
