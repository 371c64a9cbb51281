import {
  type Overlay,
  type Rung,
  regularCuts,
  type SourceFacts,
  type SourceSubtitles,
  segmentCount,
  segmentGrid,
  type TaskKind,
  type TaskWork,
  withShortStart,
} from '@kinora/common/contracts'
import type { PlannedTask, StoredWatermark, VideoPlan } from '../db/stored.ts'
import { additionalStreams, type NumberedAudio, surroundStreams } from './audio-tracks.ts'
import { type Chunk, chunkOf, chunkPlan, headSegments } from './chunk-plan.ts'
import { hevcRung, ladder, remuxRung } from './ladder.ts'
import { renditionPlaylist } from './presentation.ts'
import { framesOf, type VideoWork } from './segments.ts'
import { planStoryboard } from './storyboard-plan.ts'

/** The video task whose first segment, with that of the audio, makes a video playable. */
export const FIRST_PART_ORDINAL = 1
/** The task of the audio that a video begins with; other tasks of audio come later. */
const FIRST_AUDIO_ORDINAL = 2

/** Kinds of tasks that begin when all others have ended. */
const AFTERWARDS: readonly TaskKind[] = ['finalise', 'storyboard', 'transcribe']
/** A video is ready and plays without them. */
const OPTIONAL: readonly TaskKind[] = ['poster', 'storyboard', 'subtitles', 'transcribe', 'download', 'still']

type TaskPlace = Pick<PlannedTask, 'ordinal'> & { kind: TaskKind }

/** After all tasks of a plan that a video needs, before those of its subtitles. */
const HEVC_ORDINAL = 390_000

/** Whether a task remuxes an HEVC source: the video has an H.264 rendition of the same size. */
export function isHevc({ kind, ordinal }: TaskPlace): boolean {
  return kind === 'video' && ordinal === HEVC_ORDINAL
}

/** Whether a video is not playable before this task has a result. Such tasks wait for no others. */
export function makesPlayable({ kind, ordinal }: TaskPlace): boolean {
  return kind === 'probe' || ordinal === FIRST_PART_ORDINAL || (kind === 'audio' && ordinal === FIRST_AUDIO_ORDINAL)
}

/** Whether a task encodes an audio track that the video can be played without. */
export function isAdditionalAudio({ kind, ordinal }: TaskPlace): boolean {
  return kind === 'audio' && ordinal !== FIRST_AUDIO_ORDINAL
}

/** Whether a task makes a track that the video is complete without; it is published when the task is done. */
export function isAdditional(task: TaskPlace): boolean {
  return isAdditionalAudio(task) || isHevc(task)
}

export function comesAfterwards(kind: TaskKind): boolean {
  return AFTERWARDS.includes(kind)
}

export function isOptional(task: TaskPlace): boolean {
  return OPTIONAL.includes(task.kind) || isAdditional(task)
}

export function probeTask(sourceKey: string): PlannedTask {
  return { ordinal: 0, label: 'probe', queue: 'short', weight: 1, work: { kind: 'probe', sourceKey } }
}

/** The overlay that encoding tasks get for a watermark. */
export function overlayOf(watermark: StoredWatermark | null): Overlay | undefined {
  if (watermark === null) return undefined
  const { key, position, opacity, width } = watermark
  return { pictureKey: key, position, opacity, width }
}

export function planVideo(facts: SourceFacts, maxShortSide: number, watermark?: Overlay): VideoPlan {
  const { frameRate, frameCount } = facts.video
  const grid = segmentGrid(frameRate)
  return {
    ...grid,
    frameRate,
    frameCount,
    cuts: regularCuts(frameCount, frameRate),
    segmentSeconds: (grid.segmentFrames * frameRate.den) / frameRate.num,
    hasAudio: facts.audio !== null,
    rungs: facts.kind === 'audio' ? [] : ladder(facts.video, maxShortSide),
    ...(watermark && facts.kind !== 'audio' && { watermark }),
  }
}

export interface PlanSettings {
  maxShortSide: number
  watermark: Overlay | undefined
  /** Whether sources may be remuxed. */
  remux: boolean
}

/** The rung that a source already matches, or its HEVC rung, and the first frame of each of its segments. */
export interface Remux {
  rung: Rung
  cuts: number[]
}

/**
 * The plan for a source, and how it is remuxed, if it can be. Then all renditions are cut where the source is, and once more
 * in its first groups if these are long.
 */
export function planSourceVideo(
  facts: SourceFacts,
  cuts: number[] | undefined,
  { maxShortSide, watermark, remux: isAllowed }: PlanSettings,
): { plan: VideoPlan; remux: Remux | null } {
  const plan = planVideo(facts, maxShortSide, watermark)
  // A watermark is part of every frame, so the source's frames cannot be used as they are.
  if (!isAllowed || watermark || !cuts) return { plan, remux: null }
  const hevc = hevcRung(facts, plan.rungs)
  const rung = hevc ?? remuxRung(facts, plan.rungs)
  if (!rung) return { plan, remux: null }
  const { frameCount, frameRate } = facts.video
  const longestCopied = Math.max(...cuts.map((cut, index) => (cuts[index + 1] ?? frameCount) - cut))
  const onSource = {
    ...{ ...plan, cuts: withShortStart(cuts, frameCount, frameRate), longestCopied },
    ...(hevc && { hevc }),
  }
  return { plan: onSource, remux: { rung, cuts } }
}

/**
 * All tasks that follow the probe, in the order of work: what makes the video playable, the poster, the rest from the
 * start to the end, the check of everything that was published, and the storyboard.
 */
export function planTasks(
  plan: VideoPlan,
  facts: SourceFacts,
  sourceKey: string,
  playlistKey: string,
  remux: Remux | null,
): PlannedTask[] {
  const source = { facts, sourceKey }
  const copying = remux ? [remuxTask(plan, source, remux)] : []
  const [first, ...rest] = [...encodingTasks(plan, source, remux), ...(plan.hevc ? [] : copying)]
  const [smallest] = plan.rungs
  if (!first && !facts.audio) throw new Error('a video without frames and audio cannot be planned')
  const others = additionalStreams(facts).map((other) => audioTask(other))
  const surround = surroundStreams(facts).map((other) => audioTask(other, 6))
  const parts = [first, facts.audio && audioTask(), posterTask(), ...others, ...rest, ...surround]
  const tasks = [...parts, finaliseTask(), smallest && storyboardTask(smallest)]
  const firstOrdinal = first ? FIRST_PART_ORDINAL : FIRST_AUDIO_ORDINAL
  const required = tasks.filter((task) => task != null)
  return [
    ...required.map((task, index) => ({ ordinal: firstOrdinal + index, ...task })),
    ...(plan.hevc ? copying.map((task) => ({ ordinal: HEVC_ORDINAL, ...task })) : []),
  ]

  /** Without a track, that of the default audio. */
  function audioTask({ id, source }: Partial<NumberedAudio> = {}, channels?: 6): Omit<PlannedTask, 'ordinal'> {
    const seconds = (plan.frameCount * plan.frameRate.den) / plan.frameRate.num
    const segments = { segmentSeconds: plan.segmentSeconds, firstSegment: 0 }
    const track = id !== undefined && source !== facts.audio && { track: id, streamIndex: source?.streamIndex }
    const work: TaskWork = { kind: 'audio', sourceKey, facts, ...track, ...(channels && { channels }), ...segments }
    const label = ['audio', id, channels && '5.1'].filter(Boolean).join(' ')
    return { label, queue: 'short', weight: audioWeight(seconds) * (channels ? 2 : 1), work }
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
    const { frameRate, frameCount, hasAudio, rungs } = plan
    const hasVideo = rungs.length > 0
    const work: TaskWork = { kind: 'finalise', playlistKey, frameRate, frameCount, hasAudio, hasVideo }
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

/** After the tasks that replace a remux, before those of downloads. */
export const ADDED_AUDIO_ORDINALS = { from: 600_000, to: 999_999 } as const

/** Encodes a file that the owner of a video has added, on the clock of the video. */
export function addedAudioTask(
  plan: VideoPlan,
  { facts, sourceKey }: EncodingSource,
  track: string,
): Omit<PlannedTask, 'ordinal'> {
  const { otherAudio: _, ...rest } = facts
  const work: TaskWork = {
    ...{ kind: 'audio', sourceKey, facts: rest, track, added: true },
    ...{ segmentSeconds: plan.segmentSeconds, firstSegment: 0 },
  }
  const seconds = (plan.frameCount * plan.frameRate.den) / plan.frameRate.num
  return { label: `audio ${track} added`, queue: 'short', weight: audioWeight(seconds), work }
}

/** After all tasks of a plan, and before those that replace a remux. */
const SUBTITLES_ORDINAL = 400_000

/**
 * Takes the texts of these tracks out of the source: those with tracks of their own, for which the file is read once and nothing
 * decoded, and those in the frames, for which all of them are decoded.
 */
export function subtitlesTasks({ facts, sourceKey }: EncodingSource, tracks: SourceSubtitles[]): PlannedTask[] {
  const isInFrames = ({ streamIndex }: SourceSubtitles) => streamIndex === facts.video.streamIndex
  const plan = [
    { label: 'subtitles', tracks: tracks.filter((track) => !isInFrames(track)) },
    { label: 'subtitles in frames', tracks: tracks.filter(isInFrames) },
  ]
  return plan
    .map(({ label, tracks: taken }, index): PlannedTask => {
      const work: TaskWork = { kind: 'subtitles', sourceKey, facts, tracks: taken }
      return { ordinal: SUBTITLES_ORDINAL + index, label, queue: 'short', weight: 1, work }
    })
    .filter(({ work }) => work.kind === 'subtitles' && work.tracks.length > 0)
}

/** Whether a task costs so little that it need not wait until the video is playable. */
export function isCheap({ kind, ordinal }: TaskPlace): boolean {
  return kind === 'subtitles' && ordinal === SUBTITLES_ORDINAL
}

/** The tasks that encode all rungs but the remuxed one; the first one makes the video playable. */
function encodingTasks(plan: VideoPlan, source: EncodingSource, remux: Remux | null): VideoTask[] {
  const rungs = plan.rungs.filter((rung) => rung !== remux?.rung)
  const [smallest, ...larger] = rungs
  if (!smallest) return []
  // A single rung needs no head: its first chunk starts as fast.
  if (plan.rungs.length === 1)
    return chunkPlan(plan).map((chunk) => videoTask(plan, source, chunk, withHeads(rungs, 0)))
  const head = headSegments(plan)
  const first = {
    ...videoTask(plan, source, chunkOf(plan, 0, head), withHeads([smallest], 0)),
    queue: 'short' as const,
  }
  return [first, ...chunkPlan(plan).flatMap((chunk) => bodyTask(chunk))]

  /** Leaves out what the head makes. Of a short video that is all of the smallest rung. */
  function bodyTask(chunk: Chunk): VideoTask[] {
    const end = chunk.firstSegment + segmentCount({ ...plan, ...chunk })
    const body = larger.length > 0 ? chunk : chunkOf(plan, Math.min(end, Math.max(head, chunk.firstSegment)), end)
    const others = head >= end ? withHeads(larger, 0) : withHeads(rungs, head)
    if (others.length === 0) return []
    const { work, ...task } = videoTask(plan, source, body, others)
    return [{ ...task, work: chunk.firstSegment === 0 ? { ...work, rest: true } : work }]
  }
}

/** The head encodes the first segments of the smallest rung. */
function withHeads(rungs: Rung[], head: number): VideoWork['rungs'] {
  return rungs.map((rung, index) => ({ ...rung, firstSegment: index === 0 ? head : 0 }))
}

export type VideoTask = Omit<PlannedTask, 'ordinal' | 'work'> & { work: VideoWork }

export interface EncodingSource {
  facts: SourceFacts
  sourceKey: string
}

/** Encodes these rungs of a range of frames. */
export function videoTask(
  plan: VideoPlan,
  { facts, sourceKey }: EncodingSource,
  chunk: Chunk,
  rungs: VideoWork['rungs'],
): VideoTask {
  const { gopFrames, segmentFrames, watermark } = plan
  const source = { sourceKey, facts, ...(watermark && { watermark }) }
  const work: VideoWork = { kind: 'video', ...source, rungs, gopFrames, segmentFrames, chunk }
  return {
    label: `video ${labelOf(chunk, plan)} ${rungs.map((rung) => rung.name).join(' ')}`,
    queue: 'long',
    weight: encodingWeight(work),
    work,
  }
}

/**
 * Cuts the source's encoded frames into segments of this rung. One task for the whole: it takes seconds, and a rendition
 * is either remuxed or encoded, never some of each.
 */
export function remuxTask(plan: VideoPlan, source: EncodingSource, { rung, cuts }: Remux): VideoTask {
  const whole = chunkOf({ ...plan, cuts }, 0, cuts.length)
  const { label, work } = videoTask(plan, source, whole, [{ ...rung, firstSegment: 0 }])
  return { label: `${label} copied`, queue: 'short', weight: remuxWeight(work), work: { ...work, copied: true } }
}

/** The tasks, at least one, that encode the segments of a remux that failed. */
export function encodingTasksFor(plan: VideoPlan, { facts, sourceKey, rungs }: VideoWork): VideoTask[] {
  return chunkPlan(plan).map((chunk) => videoTask(plan, { facts, sourceKey }, chunk, rungs))
}

function labelOf({ startFrame, frameCount }: Chunk, { frameRate: { num, den } }: VideoPlan): string {
  const seconds = (frames: number) => Math.round((frames * den) / num)
  return `${seconds(startFrame)}-${seconds(startFrame + frameCount)} s`
}

// Costs of tasks were measured; their unit is a pixel to encode.

/** Starting a program takes about a quarter of a second. */
const START = 30_000_000
/** Decoding a pixel of the source, once for all renditions. */
const DECODED_SHARE = 0.5
/** Remuxing a pixel of the source: neither decoded nor encoded. */
const REMUXED_SHARE = 1 / 100
/** Encoding a second of audio. */
const AUDIO_PER_SECOND = 500_000

export function encodingWeight(work: VideoWork): number {
  const { width, height } = work.facts.video
  const decodedFrames = Math.max(...work.rungs.map((rung) => framesOf(rung, work)))
  return START + DECODED_SHARE * width * height * decodedFrames + encodedPixels(work)
}

export function remuxWeight(work: VideoWork): number {
  return START + REMUXED_SHARE * encodedPixels(work)
}

export function audioWeight(seconds: number): number {
  return START + AUDIO_PER_SECOND * seconds
}

function encodedPixels(work: VideoWork): number {
  return work.rungs.reduce((sum, rung) => sum + rung.width * rung.height * framesOf(rung, work), 0)
}
