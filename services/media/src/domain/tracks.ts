import type { Rung } from '@kinora/common/contracts'
import type { Measured } from './bandwidth.ts'
import type { Part } from './parts.ts'
import type { VideoPlan } from './work-plan.ts'

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

/** Puts parts together: of each rendition the segments that follow each other without a gap from the start. */
export function presentationOf(plan: VideoPlan, parts: readonly Part[], complete: boolean): Presentation {
  const video = plan.rungs.map((rung) => videoTrack(rung, plan, parts)).filter((track) => track !== null)
  const audio = audioTrack(parts)
  return { plan, complete, ...(audio && !complete ? inStep(video, audio) : { video, audio }) }
}

/** What runs ahead, sound or picture, would let a player seek to where it has only one of the two. */
function inStep(video: VideoTrack[], audio: AudioTrack): { video: VideoTrack[]; audio: AudioTrack } {
  const longest = Math.max(0, ...video.map((track) => track.segments.length))
  const length = Math.min(longest, audio.segments.length)
  const cut = <T extends Track>(track: T): T => ({ ...track, segments: track.segments.slice(0, length) })
  return { video: video.map(cut), audio: cut(audio) }
}

/** Segments of one rendition or of the sound, with consecutive numbers, in one folder. */
interface Run {
  folder: string
  firstSegment: number
  segments: Measured[]
}

function videoTrack(rung: Rung, plan: VideoPlan, parts: readonly Part[]): VideoTrack | null {
  const renditions = parts.flatMap(({ taskId, attempt, written }) =>
    written.kind === 'audio'
      ? []
      : written.renditions
          .filter(({ name }) => name === rung.name)
          .map(({ codecs, firstSegment, segments }) => ({
            codecs,
            folder: `${taskId}-${attempt}/${rung.name}`,
            firstSegment,
            segments: segments.map(({ bytes, frames }) => ({
              bytes,
              seconds: (frames * plan.frameRate.den) / plan.frameRate.num,
            })),
          })),
  )
  const first = renditions.find(({ firstSegment }) => firstSegment === 0)
  return first ? { rung, codecs: first.codecs, ...unbroken(first, renditions) } : null
}

function audioTrack(parts: readonly Part[]): AudioTrack | null {
  const runs = parts.flatMap(({ taskId, attempt, written }) =>
    written.kind === 'audio' ? [{ ...written, folder: `${taskId}-${attempt}` }] : [],
  )
  const first = runs.find(({ firstSegment }) => firstSegment === 0)
  return first ? { codecs: first.codecs, channels: first.channels, ...unbroken(first, runs) } : null
}

function unbroken(first: Run, runs: readonly Run[]): Pick<Track, 'initUri' | 'segments'> {
  const segments: Segment[] = []
  for (const run of runs.toSorted((one, other) => one.firstSegment - other.firstSegment)) {
    if (run.firstSegment !== segments.length) break
    for (const segment of run.segments) {
      const { bytes, seconds } = segment
      segments.push({ uri: `${run.folder}/${segments.length}.m4s`, bytes, seconds })
    }
  }
  return { initUri: `${first.folder}/init.mp4`, segments }
}
