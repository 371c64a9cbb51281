import type { FrameRate, Overlay, Rung, SourceFacts, TaskKind, TaskWork } from '@kinora/common/contracts'
import { type Chunk, chunkPlan, type Grid, headSegments, segmentGrid } from './chunk-plan.ts'
import { ladder } from './ladder.ts'
import { renditionPlaylist } from './rendition-playlist.ts'
import { planStoryboard } from './storyboard-plan.ts'
import { framesOf, type VideoWork } from './video-segments.ts'

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
  /** Pixels to encode, about; only ratios matter. */
  weight: number
  work: TaskWork
}

/** The video task whose first segment, with that of the audio, makes a video playable. */
export const FIRST_PART_ORDINAL = 1

/** They wait until the state of their video says that they are due. */
const BY_STATE: readonly TaskKind[] = ['finalise', 'storyboard']
/** A video is ready and plays without them. */
const OPTIONAL: readonly TaskKind[] = ['poster', 'storyboard', 'download']

export function startsByState(kind: TaskKind): boolean {
  return BY_STATE.includes(kind)
}

export function isOptional(kind: TaskKind): boolean {
  return OPTIONAL.includes(kind)
}

/** Encoding a second of audio costs about as much as this many pixels of video. */
const AUDIO_PIXELS_PER_SECOND = 500_000

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
 * rest from the start to the end, the check of everything that was published, and the storyboard.
 */
export function planTasks(plan: VideoPlan, facts: SourceFacts, sourceKey: string, playlistKey: string): PlannedTask[] {
  const [smallest, ...larger] = plan.rungs
  const chunks = chunkPlan(plan.frameCount, plan)
  if (!smallest || !chunks[0]) throw new Error('a video without frames or renditions cannot be planned')
  const marked = plan.watermark ? { watermark: plan.watermark } : {}
  // Alone, the smallest rendition is as fast as a head of it would be.
  const head = larger.length > 0 ? headSegments(plan.frameCount, plan) : 0
  const headChunk = { startFrame: 0, frameCount: head * plan.segmentFrames, firstSegment: 0 }
  const body = chunks.map((chunk) => videoTask(chunk, withHeads(plan.rungs, head)))
  const first = head > 0 ? { ...videoTask(headChunk, withHeads([smallest], 0)), queue: 'short' as const } : body.shift()
  const tasks = [first, facts.audio && audioTask(), posterTask(), ...body, finaliseTask(), storyboardTask(smallest)]
  return tasks.filter((task) => task != null).map((task, index) => ({ ordinal: FIRST_PART_ORDINAL + index, ...task }))

  function videoTask(chunk: Chunk, rungs: VideoWork['rungs']): Omit<PlannedTask, 'ordinal'> {
    const { gopFrames, segmentFrames } = plan
    const work: VideoWork = { kind: 'video', sourceKey, facts, rungs, gopFrames, segmentFrames, chunk, ...marked }
    return {
      label: `video ${labelOf(chunk, plan)} ${rungs.map((rung) => rung.name).join(' ')}`,
      queue: 'long',
      weight: rungs.reduce((sum, rung) => sum + rung.width * rung.height * framesOf(rung, work), 0),
      work,
    }
  }

  function audioTask(): Omit<PlannedTask, 'ordinal'> {
    const seconds = (plan.frameCount * plan.frameRate.den) / plan.frameRate.num
    const work: TaskWork = { kind: 'audio', sourceKey, facts, segmentSeconds: plan.segmentSeconds, firstSegment: 0 }
    return { label: 'audio', queue: 'short', weight: seconds * AUDIO_PIXELS_PER_SECOND, work }
  }

  function posterTask(): Omit<PlannedTask, 'ordinal'> {
    return { label: 'poster', queue: 'short', weight: 1, work: { kind: 'poster', sourceKey, facts, ...marked } }
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

/** Of the smallest rung, the first segments are made by the head. */
function withHeads(rungs: Rung[], head: number): VideoWork['rungs'] {
  return rungs.map((rung, index) => ({ ...rung, firstSegment: index === 0 ? head : 0 }))
}

function labelOf({ startFrame, frameCount }: Chunk, { frameRate: { num, den } }: VideoPlan): string {
  const seconds = (frames: number) => Math.round((frames * den) / num)
  return `${seconds(startFrame)}-${seconds(startFrame + frameCount)} s`
}
