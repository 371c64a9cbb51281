import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { perSecond } from '../domain/frame-rate.ts'
import { asTaskFailure, sourceCorrupt } from '../domain/task-failure.ts'
import { endSegmentOf, firstSegmentOf, type ResultOf, type VideoWork } from '../domain/task-work.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { runFfmpegPolled } from '../infra/ffmpeg.ts'
import { makeOutputFolder } from '../infra/workspace.ts'
import { openRenditions } from '../operations/measure-renditions.ts'
import { collectSegments } from '../operations/segment-collector.ts'
import { remuxCommand, videoCommand } from '../operations/video-command.ts'
import { writeWatermarks } from '../operations/watermark.ts'
import type { Task, TaskContext } from './task.ts'

const MEGABYTE = 1024 * 1024

/** Encodes or remuxes one chunk of the video for the given rungs. Every segment is measured before it is reported. */
export const video: Task<'video'> = async (work, context) => {
  const { store, tools, workspace, signal } = context
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))
  for (const rung of work.rungs) await makeOutputFolder(workspace, rung.name)

  const end = endSegmentOf(work)
  const folders = work.rungs.map((rung) => ({ name: rung.name, firstSegment: firstSegmentOf(rung, work) }))
  // Media expects the last segment with the result.
  const plan = { folders, openEnd: end - 1, ...openRenditions(work, workspace) }
  const collector = collectSegments<ResultOf<'video'>>(plan, reportingOf(work, context))

  let made = 0
  const onFrame = (frame: number) => {
    made = frame
    context.progress(Math.min(0.99, frame / work.chunk.frameCount))
  }
  const command = work.copied
    ? remuxCommand(tools, work)
    : videoCommand(tools, work, await writeWatermarks(work, context))
  const outputBytes = work.copied ? await remuxBytes(workspace) : encodeBytes(work)
  const run = { cwd: workspace, outputBytes, signal, onFrame, poll: collector.collect }
  const ended = await runFfmpegPolled(tools, command, run)
  // Without any frame the filters have nothing to repeat: this range of the source is unreadable.
  if (ended.exitCode === 0 && made === 0) throw sourceCorrupt(ended.stderr)
  if (ended.exitCode !== 0) throw asTaskFailure(ended)
  return await collector.finish(end)
}

/** Many times what the encoder's rate allows. */
function encodeBytes({ rungs, chunk, facts }: VideoWork): number {
  const kilobits = rungs.reduce((sum, { maxrate }) => sum + maxrate, 0)
  const seconds = chunk.frameCount / perSecond(facts.video.frameRate)
  return Math.ceil(kilobits * 125 * seconds * 8) + 256 * MEGABYTE
}

async function remuxBytes(workspace: string): Promise<number> {
  return 2 * (await stat(join(workspace, SOURCE_FILE))).size + 256 * MEGABYTE
}

/** A remux reports its segments when all of them are correct: once published, they could not be replaced by encoded ones. */
function reportingOf({ copied }: VideoWork, context: TaskContext): TaskContext {
  return copied ? { ...context, written: () => {} } : context
}
