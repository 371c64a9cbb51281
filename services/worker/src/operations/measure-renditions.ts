import { createHash } from 'node:crypto'
import { keyFramesOfSegment } from '@kinora/common/contracts'
import { assertIndependent, mainTrack, videoConfigOf } from '@kinora/formats/mp4'
import { isWidelyDecoded } from '../domain/remux.ts'
import { hostFault, inputFault, TaskFailure } from '../domain/task-failure.ts'
import { firstSegmentOf, plannedSegment, type ResultOf, type VideoWork, type WorkRung } from '../domain/task-work.ts'
import { type AssembledSegment, type Assembler, assembleSegments } from './assemble-segments.ts'

type Rendition = ResultOf<'video'>['renditions'][number]
type KeyFrames = NonNullable<Rendition['segments'][number]['keyFrames']>

export interface Renditions {
  /** Whether all rungs have the segment with this number, and all before it. */
  isComplete(number: number): Promise<boolean>
  /**
   * Takes the segments `from` to `to` (excluded) of all rungs, in order. Throws a host fault unless each is as planned; for a
   * remux, `COPY_UNFIT`.
   */
  measure(from: number, to: number): Promise<ResultOf<'video'>>
}

/** Takes the segments of all rungs that ffmpeg writes to this workspace, and reads them. */
export function openRenditions(work: VideoWork, workspace: string): Renditions {
  const check = (segment: Buffer, init: Buffer) => {
    if (work.copied) assertPlayable(segment, init, work)
  }
  const all = work.rungs.map((rung) => ({ rung, assembler: assembleSegments(work, rung, { workspace, check }) }))
  const begunBefore = (end: number) => all.filter(({ rung }) => firstSegmentOf(rung, work) < end)

  return {
    isComplete: (number) =>
      asRemux(work, async () => {
        for (const { assembler } of begunBefore(number + 1)) if (!(await assembler.isComplete(number))) return false
        return true
      }),
    measure: (from, to) =>
      asRemux(work, async () => {
        const renditions: Rendition[] = []
        for (const { rung, assembler } of begunBefore(to)) {
          await assembler.isComplete(to - 1)
          renditions.push(measured(work, rung, assembler, { from: Math.max(from, firstSegmentOf(rung, work)), to }))
        }
        return { kind: 'video', renditions }
      }),
  }
}

/** A remux encodes nothing: its faults are those of the source, and a retry would not help. */
async function asRemux<T>({ copied }: VideoWork, run: () => Promise<T>): Promise<T> {
  try {
    return await run()
  } catch (error) {
    if (!copied) throw error
    if (error instanceof RangeError) throw inputFault('COPY_UNFIT', undefined, error.message)
    throw error instanceof TaskFailure ? inputFault('COPY_UNFIT', undefined, error.diagnosis) : error
  }
}

function measured(
  work: VideoWork,
  { name }: WorkRung,
  assembler: Assembler,
  { from, to }: { from: number; to: number },
): Rendition {
  const segments: Rendition['segments'] = []
  let about: Pick<Rendition, 'codecs' | 'initBytes' | 'initSha256'> | undefined
  for (let number = from; number < to; number += 1) {
    const { segment, init } = assembler.next(number)
    const { codecs, timescale } = mainTrack(init.parsed)
    about ??= { codecs, initBytes: init.file.length, initSha256: hashOf(init.file) }
    const { frames } = assertPlanned(number, segment, work, timescale)
    const keyFrames = keyFramesOf(segment, work, timescale)
    segments.push({ bytes: segment.bytes, frames, keyFrames, sha256: segment.sha256 })
  }
  if (!about) throw hostFault('VERIFICATION_FAILED', 'A segment was not written completely.', `${name} has none`)
  return { name, firstSegment: from, segments, ...about }
}

/** The headers of a file may say what it is not. */
function assertPlayable(segment: Buffer, init: Buffer, { facts }: VideoWork): void {
  if (!isWidelyDecoded(videoConfigOf(init), facts.video))
    throw new RangeError('a profile, level or number of parameters')
  assertIndependent(segment, init)
}

function hashOf(file: Buffer): string {
  return createHash('sha256').update(file).digest('hex')
}

function assertPlanned(
  number: number,
  { samples, decodeTime, startsWithSync }: AssembledSegment,
  work: VideoWork,
  timescale: number,
): { frames: number } {
  const { num, den } = work.facts.video.frameRate
  const { startFrame, frames } = plannedSegment(number, work)
  const start = Math.round((startFrame * den * timescale) / num)
  if (samples === frames && decodeTime === start && startsWithSync) return { frames }
  const found = `${samples} frames at ${decodeTime}, planned ${frames} at ${start}`
  throw hostFault('VERIFICATION_FAILED', 'A segment does not have the planned frames.', found)
}

/**
 * The key frames of a segment. Those of an encode must be where they are planned. A source has its own: of those that are much
 * closer than usual, some are left out.
 */
function keyFramesOf(segment: AssembledSegment, work: VideoWork, timescale: number): KeyFrames {
  const { num, den } = work.facts.video.frameRate
  const all = segment.keyFrames.map(({ offset, bytes, decodeTime }): KeyFrames[number] => {
    return [offset, bytes, Math.round(((decodeTime - segment.decodeTime) * num) / (den * timescale))]
  })
  if (work.copied) return farApart(all, work.gopFrames / 2)
  const found = all.map(([, , frame]) => frame)
  const planned = keyFramesOfSegment(segment.samples, work.gopFrames)
  if (found.join() === planned.join()) return all
  const diagnosis = `key frames at ${found}, planned at ${planned}`
  throw hostFault('VERIFICATION_FAILED', 'A segment does not have the planned key frames.', diagnosis)
}

function farApart(all: KeyFrames, least: number): KeyFrames {
  const kept: KeyFrames = []
  for (const keyFrame of all) {
    const [, , last] = kept.at(-1) ?? []
    if (last === undefined || (keyFrame[2] ?? 0) - last >= least) kept.push(keyFrame)
  }
  return kept
}
