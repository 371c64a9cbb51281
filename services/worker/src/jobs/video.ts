import { createHash } from 'node:crypto'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mainTrack, readInitSegment, type Segment } from '@kinora/hls-check/mp4'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { completeFirstSegment } from '../media-tools/first-segment.ts'
import { readLocalSegment } from '../media-tools/local-segment.ts'
import { runFollowed } from '../media-tools/run-followed.ts'
import { asTaskFailure, sourceCorrupt } from '../media-tools/tool-failure.ts'
import { firstOf, type LaidMark, type VideoWork, videoCommand, type WorkRung } from '../media-tools/video-command.ts'
import { openWatermark } from '../media-tools/watermark.ts'
import { hostFault } from '../task-failure.ts'
import type { Job, JobContext, ResultOf } from './job.ts'
import { harvestSegments } from './segment-harvest.ts'

type Rendition = ResultOf<'video'>['renditions'][number]

/** Encodes one time range for the given rungs; every segment is measured before it counts. */
export const video: Job<'video'> = async (work, job) => {
  const { store, tools, workspace, signal } = job
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))
  for (const rung of work.rungs) await mkdir(join(workspace, rung.name))

  const { firstSegment, frameCount } = work.chunk
  const end = firstSegment + Math.ceil(frameCount / work.segmentFrames)
  const folders = work.rungs.map((rung) => ({ name: rung.name, firstSegment: firstOf(rung, work) }))
  const measure = (from: number, to: number) => measureRenditions(work, { from, to }, workspace)
  // Media wants the last segment with the result.
  const harvest = harvestSegments<ResultOf<'video'>>({ folders, openEnd: end - 1, measure }, job)

  let encoded = 0
  const onFrame = (frame: number) => {
    encoded = frame
    job.progress(Math.min(0.99, frame / frameCount))
  }
  const command = videoCommand(tools, work, await layMarks(work, job))
  const ended = await runFollowed(tools, command, { cwd: workspace, signal, onFrame, look: harvest.gather })
  // Without a single picture the filters have nothing to repeat: this range of the source is unreadable.
  if (ended.exitCode === 0 && encoded === 0) throw sourceCorrupt(ended.stderr)
  if (ended.exitCode !== 0) throw asTaskFailure(ended)
  return await harvest.finish(end)
}

/** The watermark for each rung, as files of the workspace; none where there is no watermark. */
async function layMarks({ watermark, rungs }: VideoWork, { store, workspace }: JobContext): Promise<LaidMark[]> {
  if (!watermark) return []
  const drawMark = await openWatermark(store, watermark)
  const marks: LaidMark[] = []
  for (const rung of rungs) {
    const { pixels, ...place } = await drawMark(rung)
    const file = `mark-${rung.name}`
    await writeFile(join(workspace, file), pixels)
    marks.push({ file, ...place })
  }
  return marks
}

/** Numbers of segments, the last one excluded. */
interface Range {
  from: number
  to: number
}

async function measureRenditions(work: VideoWork, range: Range, workspace: string): Promise<ResultOf<'video'>> {
  const begun = work.rungs.filter((rung) => firstOf(rung, work) < range.to)
  const renditions = await Promise.all(
    begun.map((rung) => measure(work, rung, { ...range, from: Math.max(range.from, firstOf(rung, work)) }, workspace)),
  )
  return { kind: 'video', renditions }
}

/** Reads back segments of one rung. Throws a host fault unless each is where, and as long as, the plan says. */
async function measure(work: VideoWork, { name }: WorkRung, range: Range, workspace: string): Promise<Rendition> {
  const initFile = await completeFirstSegment(join(workspace, name), range.from)
  const init = readInitSegment(initFile)
  const { codecs, timescale } = mainTrack(init)
  const { num, den } = work.facts.video.frameRate
  const segments: Rendition['segments'] = []
  for (let number = range.from; number < range.to; number += 1) {
    const { startFrame, frames } = plannedSegment(number, work)
    const segment = await readLocalSegment(join(workspace, name, `${number}.m4s`), init)
    const start = Math.round((startFrame * den * timescale) / num)
    if (segment.samples !== frames || segment.decodeTime !== start || !segment.startsWithSync) {
      const found = `${segment.samples} frames at ${segment.decodeTime}, planned ${frames} at ${start}`
      throw hostFault('VERIFICATION_FAILED', 'A segment does not hold the frames that it should.', found)
    }
    const keyFrames = keyFramesOf(segment, startFrame, work, timescale)
    segments.push({ bytes: segment.bytes, frames, keyFrames, sha256: segment.sha256 })
  }
  const initSha256 = createHash('sha256').update(initFile).digest('hex')
  return { name, codecs, firstSegment: range.from, segments, initBytes: initFile.length, initSha256 }
}

/** Throws a host fault unless they stand on the grid: a player that searches by them is told times by the grid. */
function keyFramesOf(segment: Segment, startFrame: number, work: VideoWork, timescale: number): [number, number][] {
  const { num, den } = work.facts.video.frameRate
  const found = segment.keyFrames.map(({ decodeTime }) => decodeTime)
  const planned = Array.from({ length: Math.ceil(segment.samples / work.gopFrames) }, (_, index) =>
    Math.round(((startFrame + index * work.gopFrames) * den * timescale) / num),
  )
  if (found.join() !== planned.join()) {
    const diagnosis = `key frames at ${found}, planned at ${planned}`
    throw hostFault('VERIFICATION_FAILED', 'A segment does not have the key frames that it should.', diagnosis)
  }
  return segment.keyFrames.map(({ offset, bytes }) => [offset, bytes])
}

function plannedSegment(number: number, { chunk, segmentFrames }: VideoWork): { startFrame: number; frames: number } {
  const offset = (number - chunk.firstSegment) * segmentFrames
  return { startFrame: chunk.startFrame + offset, frames: Math.min(segmentFrames, chunk.frameCount - offset) }
}
