import type { FrameRate, Rung, SourceFacts, TaskWork } from '@kinora/common/contracts'
import { type Chunk, chunkPlan, type Grid, segmentGrid } from './chunk-plan.ts'
import { ladder } from './ladder.ts'

/** What all renditions of a video share; stored with the video. */
export interface VideoPlan extends Grid {
  frameRate: FrameRate
  frameCount: number
  /** Seconds of each segment but the last. */
  segmentSeconds: number
  hasAudio: boolean
  /** Smallest first. */
  rungs: Rung[]
}

export interface PlannedTask {
  ordinal: number
  label: string
  queue: 'short' | 'long'
  /** Pixels to encode, about; only ratios matter. */
  weight: number
  work: TaskWork
}

/** The video task that, with the audio, makes a video playable. */
export const FIRST_PART_ORDINAL = 1

/** Encoding a second of audio costs about as much as this many pixels of video. */
const AUDIO_PIXELS_PER_SECOND = 500_000

export function probeTask(sourceKey: string): PlannedTask {
  return { ordinal: 0, label: 'probe', queue: 'short', weight: 1, work: { kind: 'probe', sourceKey } }
}

export function planVideo(facts: SourceFacts, maxShortSide: number): VideoPlan {
  const { frameRate, frameCount } = facts.video
  const grid = segmentGrid(frameRate)
  return {
    ...grid,
    frameRate,
    frameCount,
    segmentSeconds: (grid.segmentFrames * frameRate.den) / frameRate.num,
    hasAudio: facts.audio !== null,
    rungs: ladder(facts.video, maxShortSide),
  }
}

/**
 * All work that follows the probe, in the order in which it should be done: what makes the video playable, the rest from
 * the start to the end, and the check of everything that was published.
 */
export function planTasks(plan: VideoPlan, facts: SourceFacts, sourceKey: string, playlistKey: string): PlannedTask[] {
  const [first, ...rest] = chunkPlan(plan.frameCount, plan)
  if (!first) throw new Error('a video without frames cannot be planned')
  const tasks: Omit<PlannedTask, 'ordinal'>[] = []
  const cut = rest.length > 0 && plan.rungs.length > 1
  tasks.push({ ...videoTask(first, cut ? plan.rungs.slice(0, 1) : plan.rungs), queue: cut ? 'short' : 'long' })
  if (facts.audio) tasks.push(audioTask())
  if (cut) tasks.push(videoTask(first, plan.rungs.slice(1)))
  for (const chunk of rest) tasks.push(videoTask(chunk, plan.rungs))
  tasks.push(finaliseTask())
  return tasks.map((task, index) => ({ ordinal: FIRST_PART_ORDINAL + index, ...task }))

  function videoTask(chunk: Chunk, rungs: Rung[]): Omit<PlannedTask, 'ordinal'> {
    const { gopFrames, segmentFrames } = plan
    return {
      label: `video ${rangeOf(chunk, plan)} ${rungs.map((rung) => rung.name).join(' ')}`,
      queue: 'long',
      weight: chunk.frameCount * rungs.reduce((pixels, { width, height }) => pixels + width * height, 0),
      work: { kind: 'video', sourceKey, facts, rungs, gopFrames, segmentFrames, chunk },
    }
  }

  function audioTask(): Omit<PlannedTask, 'ordinal'> {
    const seconds = (plan.frameCount * plan.frameRate.den) / plan.frameRate.num
    const work: TaskWork = { kind: 'audio', sourceKey, facts, segmentSeconds: plan.segmentSeconds }
    return { label: 'audio', queue: 'short', weight: seconds * AUDIO_PIXELS_PER_SECOND, work }
  }

  function finaliseTask(): Omit<PlannedTask, 'ordinal'> {
    const { frameRate, frameCount, hasAudio } = plan
    const work: TaskWork = { kind: 'finalise', playlistKey, frameRate, frameCount, hasAudio }
    return { label: 'finalise', queue: 'short', weight: 1, work }
  }
}

function rangeOf({ startFrame, frameCount }: Chunk, { frameRate: { num, den } }: VideoPlan): string {
  const seconds = (frames: number) => Math.round((frames * den) / num)
  return `${seconds(startFrame)}-${seconds(startFrame + frameCount)} s`
}
