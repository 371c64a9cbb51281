import { join } from 'node:path'
import type { FrameGrid } from '../domain/frame-grid.ts'
import { parseRate, perSecond } from '../domain/frame-rate.ts'
import { mainVideo, type ProbedStream, type ProbeReport } from '../domain/probe-report.ts'
import { declaredGrid, scannedGrid, sourceChapters, sourceFacts } from '../domain/source-facts.ts'
import { assertFactsWithinLimits, assertWithinLimits } from '../domain/source-limits.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { probeSource } from '../operations/probe-source.ts'
import { scanPackets } from '../operations/scan-packets.ts'
import { findRemuxable, hasCompleteIndex, indexedTimes } from '../operations/source-index.ts'
import type { Task, TaskContext } from './task.ts'

/** Finds out what the source is, and whether it is accepted. */
export const probe: Task<'probe'> = async ({ sourceKey }, context) => {
  const { store, tools, limits, workspace, signal } = context
  await store.materialise(sourceKey, join(workspace, SOURCE_FILE))
  const report = await probeSource(tools, workspace, signal)
  const video = mainVideo(report)
  assertWithinLimits(report, video, limits)
  const { grid, startTime } = await findGrid(report, video, context)
  const facts = sourceFacts(report, video, grid, startTime)
  assertFactsWithinLimits(facts, limits)
  const copyable = await findRemuxable(join(workspace, SOURCE_FILE), facts, video)
  return {
    kind: 'probe',
    facts: copyable ? { ...facts, video: { ...facts.video, copyable } } : facts,
    chapters: sourceChapters(report),
  }
}

/** The frame grid by the header where it can be trusted, else by the index, else by a scan of the whole file. */
async function findGrid(
  report: ProbeReport,
  video: ProbedStream,
  { tools, workspace, signal }: TaskContext,
): Promise<{ grid: FrameGrid; startTime: number }> {
  const file = join(workspace, SOURCE_FILE)
  const isIndexed = await hasCompleteIndex(file)
  const declared = declaredGrid(report, video, isIndexed)
  if (declared) return { grid: declared, startTime: video.start_time ?? 0 }
  const indexed = isIndexed ? await indexedTimes(file, video) : undefined
  if (indexed) return scannedGrid(video, indexed)
  const rate = parseRate(video.avg_frame_rate) ?? parseRate(video.r_frame_rate)
  const frameSeconds = rate ? 1 / perSecond(rate) : 1 / 25
  const scan = await scanPackets(tools, { cwd: workspace, streamIndex: video.index, frameSeconds, signal })
  return scannedGrid(video, scan)
}
