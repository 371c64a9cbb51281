import {
  type Overlay,
  type Rung,
  type SourceFacts,
  segmentGrid,
  type TaskKind,
  type TaskWork,
} from '@kinora/common/contracts'
import type { PlannedTask, VideoPlan } from '../db/stored.ts'
import { type Chunk, chunkPlan, headSegments } from './chunk-plan.ts'
import { ladder } from './ladder.ts'
import { AUDIO_PLAYLIST, renditionPlaylist } from './presentation.ts'
import { framesOf, type VideoWork } from './segments.ts'
import { planStoryboard } from './storyboard-plan.ts'

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

export type VideoTask = Omit<PlannedTask, 'ordinal' | 'work'> & { work: VideoWork }

export interface PictureSource {
  facts: SourceFacts
  sourceKey: string
}

/** Encodes these rungs of a range of frames. */
export function videoTask(
  plan: VideoPlan,
  { facts, sourceKey }: PictureSource,
  chunk: Chunk,
  rungs: VideoWork['rungs'],
): VideoTask {
  const { gopFrames, segmentFrames, watermark } = plan
  const picture = { sourceKey, facts, ...(watermark && { watermark }) }
  const work: VideoWork = { kind: 'video', ...picture, rungs, gopFrames, segmentFrames, chunk }
  return {
    label: `video ${labelOf(chunk, plan)} ${rungs.map((rung) => rung.name).join(' ')}`,
    queue: 'long',
    weight: pictureWeight(work),
    work,
  }
}

/**
 * Cuts all pictures of the source into segments of this rung, as they are. One task for the whole: it takes seconds, and a
 * rendition is either copied or encoded, never some of each.
 */
export function copyTask(plan: VideoPlan, source: PictureSource, rung: Rung): VideoTask {
  const whole = { startFrame: 0, frameCount: plan.frameCount, firstSegment: 0 }
  const { label, work } = videoTask(plan, source, whole, [{ ...rung, firstSegment: 0 }])
  return { label: `${label} copied`, queue: 'short', weight: copyWeight(work), work: { ...work, copied: true } }
}

/** What makes the same segments as a copy that cannot be had, by encoding. At least one. */
export function tasksInstead(plan: VideoPlan, { facts, sourceKey, rungs }: VideoWork): VideoTask[] {
  return chunkPlan(plan.frameCount, plan).map((chunk) => videoTask(plan, { facts, sourceKey }, chunk, rungs))
}

function labelOf({ startFrame, frameCount }: Chunk, { frameRate: { num, den } }: VideoPlan): string {
  const seconds = (frames: number) => Math.round((frames * den) / num)
  return `${seconds(startFrame)}-${seconds(startFrame + frameCount)} s`
}

// What tasks cost was measured, and is told in pixels to encode.

/** Starting any program: about a quarter of a second. */
const START = 30_000_000
/** Decoding a pixel of the source, once for all renditions. */
const DECODED_SHARE = 0.5
/** Copying a pixel of the source: neither decoded nor encoded. */
const COPIED_SHARE = 1 / 100
/** Encoding a second of audio. */
const AUDIO_PER_SECOND = 500_000

export function pictureWeight(work: VideoWork): number {
  const { width, height } = work.facts.video
  const decodedFrames = Math.max(...work.rungs.map((rung) => framesOf(rung, work)))
  return START + DECODED_SHARE * width * height * decodedFrames + encodedPixels(work)
}

export function copyWeight(work: VideoWork): number {
  return START + COPIED_SHARE * encodedPixels(work)
}

export function audioWeight(seconds: number): number {
  return START + AUDIO_PER_SECOND * seconds
}

function encodedPixels(work: VideoWork): number {
  return work.rungs.reduce((sum, rung) => sum + rung.width * rung.height * framesOf(rung, work), 0)
}

/** Behind all that makes a video ready. Each rendition has its own place, so a video has one such task for each. */
const FIRST_DOWNLOAD_ORDINAL = 1_000_000

function downloadOrdinal({ width, height }: Rung): number {
  return FIRST_DOWNLOAD_ORDINAL + Math.min(width, height)
}

/** Puts a rendition and the sound into one file. `playlistKey` is the folder of the published playlists. */
export function downloadTask(plan: VideoPlan, rung: Rung, playlistKey: string): PlannedTask {
  return {
    ordinal: downloadOrdinal(rung),
    label: `download ${rung.name}`,
    queue: 'short',
    weight: 1,
    work: {
      kind: 'download',
      pictureKey: `${playlistKey}/${rung.name}.m3u8`,
      soundKey: plan.hasAudio ? `${playlistKey}/${AUDIO_PLAYLIST}` : null,
      frameCount: plan.frameCount,
    },
  }
}
