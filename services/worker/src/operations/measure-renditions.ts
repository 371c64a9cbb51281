import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { assertIndependent, mainTrack, readInitSegment, type Segment } from '@kinora/formats/mp4'
import { hostFault, inputFault, TaskFailure } from '../domain/task-failure.ts'
import {
  endSegmentOf,
  firstSegmentOf,
  hasShortTail,
  plannedSegment,
  type ResultOf,
  type VideoWork,
  type WorkRung,
} from '../domain/task-work.ts'
import { takenFolder } from '../infra/workspace.ts'
import { appendTail, completeFirstSegment, readLocalSegment } from './local-segment.ts'
import { takeOutput } from './take-output.ts'

type Rendition = ResultOf<'video'>['renditions'][number]

/** Numbers of segments, the last one excluded. */
interface Range {
  from: number
  to: number
}

/**
 * Takes the segments of all rungs that ffmpeg wrote, and reads them. Throws a host fault unless each is as planned; for a
 * remux, `COPY_UNFIT`.
 */
export async function measureRenditions(work: VideoWork, range: Range, workspace: string): Promise<ResultOf<'video'>> {
  const begun = work.rungs.filter((rung) => firstSegmentOf(rung, work) < range.to)
  const measured = begun.map((rung) =>
    measure(work, rung, { ...range, from: Math.max(range.from, firstSegmentOf(rung, work)) }, workspace),
  )
  try {
    return { kind: 'video', renditions: await Promise.all(measured) }
  } catch (error) {
    throw work.copied ? remuxUnfit(error) : error
  }
}

/** A remux encodes nothing: its faults are those of the source, and a retry would not help. */
function remuxUnfit(error: unknown): unknown {
  if (error instanceof RangeError) return inputFault('COPY_UNFIT', undefined, error.message)
  return error instanceof TaskFailure ? inputFault('COPY_UNFIT', undefined, error.diagnosis) : error
}

async function measure(work: VideoWork, rung: WorkRung, range: Range, workspace: string): Promise<Rendition> {
  const { name } = rung
  if (range.from === firstSegmentOf(rung, work)) await takeOutput(workspace, `${name}/init.mp4`)
  const hasTail = range.to === endSegmentOf(work) && hasShortTail(work)
  for (let number = range.from; number < range.to + (hasTail ? 1 : 0); number += 1) {
    await takeOutput(workspace, `${name}/${number}.m4s`)
  }
  const folder = join(takenFolder(workspace), name)
  const initFile = await completeFirstSegment(folder, range.from)
  if (hasTail) await appendTail(folder, range.to - 1)
  const init = readInitSegment(initFile)
  const { codecs, timescale } = mainTrack(init)
  const { num, den } = work.facts.video.frameRate
  const segments: Rendition['segments'] = []
  for (let number = range.from; number < range.to; number += 1) {
    const { startFrame, frames } = plannedSegment(number, work)
    const segment = await readLocalSegment(join(folder, `${number}.m4s`), init)
    const start = Math.round((startFrame * den * timescale) / num)
    if (segment.samples !== frames || segment.decodeTime !== start || !segment.startsWithSync) {
      const found = `${segment.samples} frames at ${segment.decodeTime}, planned ${frames} at ${start}`
      throw hostFault('VERIFICATION_FAILED', 'A segment does not have the planned frames.', found)
    }
    if (work.copied) assertIndependent(await readFile(join(folder, `${number}.m4s`)), initFile)
    const keyFrames = keyFramesOf(segment, startFrame, work, timescale)
    segments.push({ bytes: segment.bytes, frames, keyFrames, sha256: segment.sha256 })
  }
  const initSha256 = createHash('sha256').update(initFile).digest('hex')
  return { name, codecs, firstSegment: range.from, segments, initBytes: initFile.length, initSha256 }
}

/** Throws a host fault unless key frames are on the grid: I-frame playlists give their times by the grid. */
function keyFramesOf(segment: Segment, startFrame: number, work: VideoWork, timescale: number): [number, number][] {
  const { num, den } = work.facts.video.frameRate
  const planned = Array.from({ length: Math.ceil(segment.samples / work.gopFrames) }, (_, index) =>
    Math.round(((startFrame + index * work.gopFrames) * den * timescale) / num),
  )
  // A source may have further key frames, which are not reported.
  const keyFrames = segment.keyFrames.filter(({ decodeTime }) => !work.copied || planned.includes(decodeTime))
  const found = keyFrames.map(({ decodeTime }) => decodeTime)
  if (found.join() !== planned.join()) {
    const diagnosis = `key frames at ${found}, planned at ${planned}`
    throw hostFault('VERIFICATION_FAILED', 'A segment does not have the planned key frames.', diagnosis)
  }
  return keyFrames.map(({ offset, bytes }) => [offset, bytes])
}
