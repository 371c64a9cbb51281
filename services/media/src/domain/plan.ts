import {
  type FrameRate,
  type Grid,
  type Overlay,
  type Rung,
  type SourceFacts,
  segmentGrid,
  type TaskKind,
  type TaskWork,
} from '@kinora/common/contracts'
import { chunkPlan, headSegments } from './chunk-plan.ts'
import { ladder } from './ladder.ts'
import { renditionPlaylist } from './rendition-playlist.ts'
import { planStoryboard } from './storyboard-plan.ts'
import type { VideoWork } from './video-segments.ts'
import { copyTask, type PictureSource, type VideoTask, videoTask } from './video-tasks.ts'
import { audioWeight } from './weights.ts'

/** What all renditions of a video share; stored with the video. */
export interface VideoPlan extends Grid {
  frameRate: FrameRate
  frameCount: number
  /** Seconds of each segment but the last. */
  segmentSeconds: number
  hasAudio: boolean
  /** Smallest first. */
  rungs: Rung[]
  /** Lies over every picture: all of them are encoded, none is copied from the source. */
  watermark?: Overlay | undefined
}

export interface PlannedTask {
  ordinal: number
  label: string
  queue: 'short' | 'long'
  /** About what it costs; only ratios matter. See `weights.ts`. */
  weight: number
  work: TaskWork
}

/** The video task whose first segment, with that of the audio, makes a video playable. */
export const FIRST_PART_ORDINAL = 1

/** They begin when everything else has ended. */
const AFTERWARDS: readonly TaskKind[] = ['finalise', 'storyboard']
/** A video is ready and plays without them. */
const OPTIONAL: readonly TaskKind[] = ['poster', 'storyboard', 'download']

/** Must there be a result before there is anything to see? Such tasks wait for no others. */
export function makesPlayable({ kind, ordinal }: { kind: TaskKind; ordinal: number }): boolean {
  return kind === 'probe' || kind === 'audio' || ordinal === FIRST_PART_ORDINAL
}

export function comesAfterwards(kind: TaskKind): boolean {
  return AFTERWARDS.includes(kind)
}

export function isOptional(kind: TaskKind): boolean {
  return OPTIONAL.includes(kind)
}

export function probeTask(sourceKey: string): PlannedTask {
  return { ordinal: 0, label: 'probe', queue: 'short', weight: 1, work: { kind: 'probe', sourceKey } }
}

export function planVideo(facts: SourceFacts, maxShortSide: number, watermark?: Overlay): VideoPlan {
  const { frameRate, frameCount } = facts.video
  const grid = segmentGrid(frameRate)
  return {
    ...grid,
    frameRate,
    frameCount,
    segmentSeconds: (grid.segmentFrames * frameRate.den) / frameRate.num,
    hasAudio: facts.audio !== null,
    rungs: ladder(facts.video, maxShortSide),
    ...(watermark && { watermark }),
  }
}

/**
 * All work that follows the probe, in the order in which it should be done: what makes the video playable, the poster, the
 * rest from the start to the end, the check of everything that was published, and the storyboard. `copied`: the rung that
 * the source is already.
 */
export function planTasks(
  plan: VideoPlan,
  facts: SourceFacts,
  sourceKey: string,
  playlistKey: string,
  copied: Rung | null,
): PlannedTask[] {
  const source = { facts, sourceKey }
  const copy = copied && copyTask(plan, source, copied)
  const [first, ...rest] = [...encodingTasks(plan, source, copied), ...(copy ? [copy] : [])]
  const [smallest] = plan.rungs
  if (!smallest || !first) throw new Error('a video without frames or renditions cannot be planned')
  const tasks = [first, facts.audio && audioTask(), posterTask(), ...rest, finaliseTask(), storyboardTask(smallest)]
  return tasks.filter((task) => task != null).map((task, index) => ({ ordinal: FIRST_PART_ORDINAL + index, ...task }))

  function audioTask(): Omit<PlannedTask, 'ordinal'> {
    const seconds = (plan.frameCount * plan.frameRate.den) / plan.frameRate.num
    const work: TaskWork = { kind: 'audio', sourceKey, facts, segmentSeconds: plan.segmentSeconds, firstSegment: 0 }
    return { label: 'audio', queue: 'short', weight: audioWeight(seconds), work }
  }

  function posterTask(): Omit<PlannedTask, 'ordinal'> {
    return {
      label: 'poster',
      queue: 'short',
      weight: 1,
      work: { kind: 'poster', sourceKey, facts, ...(plan.watermark && { watermark: plan.watermark }) },
    }
  }

  function finaliseTask(): Omit<PlannedTask, 'ordinal'> {
    const { frameRate, frameCount, hasAudio } = plan
    const work: TaskWork = { kind: 'finalise', playlistKey, frameRate, frameCount, hasAudio }
    return { label: 'finalise', queue: 'short', weight: 1, work }
  }

  function storyboardTask({ name }: Rung): Omit<PlannedTask, 'ordinal'> {
    const work: TaskWork = {
      kind: 'storyboard',
      renditionKey: `${playlistKey}/${renditionPlaylist(name)}`,
      grid: planStoryboard(plan),
    }
    return { label: 'storyboard', queue: 'short', weight: 1, work }
  }
}

/** Of all rungs but the copied one, what comes first at the beginning. */
function encodingTasks(plan: VideoPlan, source: PictureSource, copied: Rung | null): VideoTask[] {
  const rungs = plan.rungs.filter((rung) => rung !== copied)
  const [smallest, ...larger] = rungs
  if (!smallest) return []
  // Alone, the smallest rendition is as fast as a head of it would be.
  const head = larger.length > 0 ? headSegments(plan.frameCount, plan) : 0
  const headChunk = { startFrame: 0, frameCount: head * plan.segmentFrames, firstSegment: 0 }
  const body = chunkPlan(plan.frameCount, plan).map((chunk) => videoTask(plan, source, chunk, withHeads(rungs, head)))
  if (head === 0) return body
  return [{ ...videoTask(plan, source, headChunk, withHeads([smallest], 0)), queue: 'short' }, ...body]
}

/** Of the smallest rung, the first segments are made by the head. */
function withHeads(rungs: Rung[], head: number): VideoWork['rungs'] {
  return rungs.map((rung, index) => ({ ...rung, firstSegment: index === 0 ? head : 0 }))
}
