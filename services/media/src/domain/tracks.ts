import type { Rung, TaskResult, TaskWork } from '@kinora/common/contracts'
import type { Measured } from './bandwidth.ts'
import type { VideoPlan } from './work-plan.ts'

export type AudioResult = Extract<TaskResult, { kind: 'audio' }>
export type VideoResult = Extract<TaskResult, { kind: 'video' }>
export type VideoWork = Extract<TaskWork, { kind: 'video' }>

/** A finished task that wrote segments. */
export type Part = { taskId: string; attempt: number } & (
  | { kind: 'audio'; result: AudioResult }
  | { kind: 'video'; work: VideoWork; result: VideoResult }
)

export interface Segment extends Measured {
  /** Relative to the video's folder. */
  uri: string
}

export interface Track {
  codecs: string
  initUri: string
  segments: Segment[]
}

export interface VideoTrack extends Track {
  rung: Rung
}

export interface AudioTrack extends Track {
  channels: number
}

/** What can be played by now. */
export interface Presentation {
  plan: VideoPlan
  /** Nothing will be added. */
  complete: boolean
  /** Renditions that have segments, smallest first. */
  video: VideoTrack[]
  audio: AudioTrack | null
}

/** Puts finished parts together: of each rendition the segments that follow each other without a gap from the start. */
export function presentationOf(plan: VideoPlan, parts: readonly Part[], complete: boolean): Presentation {
  const video = plan.rungs.map((rung) => videoTrack(rung, plan, parts)).filter((track) => track !== null)
  const longest = Math.max(0, ...video.map((track) => track.segments.length))
  const audio = audioTrack(parts)
  // Sound that runs ahead of the picture would let a player seek to where there is nothing to see yet.
  if (audio && !complete) audio.segments = audio.segments.slice(0, longest)
  return { plan, complete, video, audio }
}

function videoTrack(rung: Rung, plan: VideoPlan, parts: readonly Part[]): VideoTrack | null {
  const pieces = parts
    .flatMap((part) => (part.kind === 'video' ? piecesOf(part, rung) : []))
    .sort((one, other) => one.firstSegment - other.firstSegment)
  const [first] = pieces
  if (first?.firstSegment !== 0) return null
  const track: VideoTrack = { rung, codecs: first.codecs, initUri: `${first.folder}/init.mp4`, segments: [] }
  for (const { firstSegment, folder, segments } of pieces) {
    if (firstSegment !== track.segments.length) break
    for (const [index, { bytes, frames }] of segments.entries()) {
      const seconds = (frames * plan.frameRate.den) / plan.frameRate.num
      track.segments.push({ uri: `${folder}/${firstSegment + index}.m4s`, bytes, seconds })
    }
  }
  return track
}

function piecesOf(part: Part & { kind: 'video' }, rung: Rung) {
  return part.result.renditions
    .filter((rendition) => rendition.name === rung.name)
    .map(({ codecs, segments }) => ({
      codecs,
      segments,
      folder: `${part.taskId}-${part.attempt}/${rung.name}`,
      firstSegment: part.work.chunk.firstSegment,
    }))
}

function audioTrack(parts: readonly Part[]): AudioTrack | null {
  const part = parts.find((candidate) => candidate.kind === 'audio')
  if (part?.kind !== 'audio') return null
  const { codecs, channels, segments } = part.result
  const folder = `${part.taskId}-${part.attempt}`
  return {
    codecs,
    channels,
    initUri: `${folder}/init.mp4`,
    segments: segments.map((segment, index) => ({ ...segment, uri: `${folder}/${index}.m4s` })),
  }
}
