import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { copyCommand } from '../media-tools/copy-command.ts'
import { runFollowed } from '../media-tools/run-followed.ts'
import { asTaskFailure, sourceCorrupt } from '../media-tools/tool-failure.ts'
import { type LaidMark, videoCommand } from '../media-tools/video-command.ts'
import { firstOf, type VideoWork } from '../media-tools/video-work.ts'
import { openWatermark } from '../media-tools/watermark.ts'
import type { Job, JobContext, ResultOf } from './job.ts'
import { measureRenditions } from './measure-renditions.ts'
import { harvestSegments } from './segment-harvest.ts'

/** Makes one time range for the given rungs; every segment is measured before it counts. */
export const video: Job<'video'> = async (work, job) => {
  const { store, tools, workspace, signal } = job
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))
  for (const rung of work.rungs) await mkdir(join(workspace, rung.name))

  const { firstSegment, frameCount } = work.chunk
  const end = firstSegment + Math.ceil(frameCount / work.segmentFrames)
  const folders = work.rungs.map((rung) => ({ name: rung.name, firstSegment: firstOf(rung, work) }))
  const measure = (from: number, to: number) => measureRenditions(work, { from, to }, workspace)
  // Media wants the last segment with the result.
  const harvest = harvestSegments<ResultOf<'video'>>({ folders, openEnd: end - 1, measure }, toldAs(work, job))

  let made = 0
  const onFrame = (frame: number) => {
    made = frame
    job.progress(Math.min(0.99, frame / frameCount))
  }
  const command = work.copied ? copyCommand(tools, work) : videoCommand(tools, work, await layMarks(work, job))
  const ended = await runFollowed(tools, command, { cwd: workspace, signal, onFrame, look: harvest.gather })
  // Without a single picture the filters have nothing to repeat: this range of the source is unreadable.
  if (ended.exitCode === 0 && made === 0) throw sourceCorrupt(ended.stderr)
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

/** What is copied is told of when all of it came out right: were it published before, nothing else could take its place. */
function toldAs({ copied }: VideoWork, job: JobContext): JobContext {
  return copied ? { ...job, written: () => {} } : job
}
