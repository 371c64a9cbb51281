import { join } from 'node:path'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import type { FrameGrid } from '../media-tools/frame-grid.ts'
import { parseRate, perSecond } from '../media-tools/frame-rate.ts'
import { findCopyable } from '../media-tools/mp4-index/copyable-pictures.ts'
import { indexedTimes } from '../media-tools/mp4-index/indexed-times.ts'
import { type ProbedStream, type ProbeReport, probeSource } from '../media-tools/probe-source.ts'
import { scanPackets } from '../media-tools/scan-packets.ts'
import { chooseVideo, declaredGrid, scannedGrid, sourceChapters, sourceFacts } from '../media-tools/source-facts.ts'
import { assertFactsWithinLimits, assertWithinLimits } from '../media-tools/source-limits.ts'
import { hasWholeBoxes } from '../media-tools/whole-boxes.ts'
import type { Job, JobContext } from './job.ts'

/** Finds out what the source is and whether it is wanted. */
export const probe: Job<'probe'> = async ({ sourceKey }, job) => {
  const { store, tools, limits, workspace, signal } = job
  await store.materialise(sourceKey, join(workspace, SOURCE_FILE))
  const report = await probeSource(tools, workspace, signal)
  const video = chooseVideo(report)
  assertWithinLimits(report, video, limits)
  const { grid, startTime } = await findGrid(report, video, job)
  const facts = sourceFacts(report, video, grid, startTime)
  assertFactsWithinLimits(facts, limits)
  const copyable = await findCopyable(join(workspace, SOURCE_FILE), facts, video)
  return {
    kind: 'probe',
    facts: copyable ? { ...facts, video: { ...facts.video, copyable } } : facts,
    chapters: sourceChapters(report),
  }
}

async function findGrid(
  report: ProbeReport,
  video: ProbedStream,
  { tools, workspace, signal }: JobContext,
): Promise<{ grid: FrameGrid; startTime: number }> {
  const file = join(workspace, SOURCE_FILE)
  const isWhole = await hasWholeBoxes(file)
  const declared = declaredGrid(report, video, isWhole)
  if (declared) return { grid: declared, startTime: video.start_time ?? 0 }
  const indexed = isWhole ? await indexedTimes(file, video) : undefined
  if (indexed) return scannedGrid(video, indexed)
  const rate = parseRate(video.avg_frame_rate) ?? parseRate(video.r_frame_rate)
  const frameSeconds = rate ? 1 / perSecond(rate) : 1 / 25
  const scan = await scanPackets(tools, { cwd: workspace, streamIndex: video.index, frameSeconds, signal })
  return scannedGrid(video, scan)
}
