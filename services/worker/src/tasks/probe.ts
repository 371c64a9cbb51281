import { join } from 'node:path'
import { type SourceSubtitles, type Warning, warningOf } from '@kinora/common/contracts'
import { parseRate, perSecond } from '../domain/frame-rate.ts'
import { isCover, type ProbedStream } from '../domain/probe-report.ts'
import {
  declaredFrames,
  type SourceTracks,
  scannedFrames,
  sourceChapters,
  sourceFacts,
  stillFrame,
} from '../domain/source-facts.ts'
import { assertFactsWithinLimits, assertWithinLimits } from '../domain/source-limits.ts'
import { inputFault } from '../domain/task-failure.ts'
import type { Stretch } from '../domain/timeline.ts'
import { type FoundFrames, wholeTimeline } from '../domain/timeline.ts'
import {
  assertShowable,
  chooseAudio,
  chooseSubtitles,
  chooseVideo,
  skippedTracks,
  videoCandidates,
} from '../domain/track-choice.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { type Probed, probeSource } from '../operations/probe-source.ts'
import { type Scan, scanPackets } from '../operations/scan-packets.ts'
import { findEncryptedTracks, findRemuxable, hasCompleteIndex, indexedTimes } from '../operations/source-index.ts'
import type { Task, TaskContext } from './task.ts'

/** Finds out what the source is, and whether it is accepted. */
export const probe: Task<'probe'> = async ({ sourceKey }, context) => {
  const { store, tools, limits, workspace, signal } = context
  const file = join(workspace, SOURCE_FILE)
  await store.materialise(sourceKey, file)
  const probed = await probeSource(tools, workspace, signal)
  const { report } = probed
  assertWithinLimits(report, limits)
  const source = await openSource(probed, context)
  const { subtitles, ...tracks } = await chooseTracks(source, context)
  const found = await findFrames(source, tracks)
  const { timeline, warnings } = wholeTimeline(found, await audioStretches(source, tracks))
  const facts = sourceFacts(report, tracks, timeline, found.rate)
  assertFactsWithinLimits(facts, tracks.video, found.rate, limits)
  for (const warning of [...warnings, ...droppedFrames(found)]) context.warn(warning)
  const copyable = await findRemuxable(file, facts, tracks.video)
  return {
    kind: 'probe',
    facts: copyable ? { ...facts, video: { ...facts.video, copyable } } : facts,
    chapters: sourceChapters(report),
    ...(subtitles.length > 0 && { subtitles }),
  }
}

interface Source extends Probed {
  file: string
  /** A whole MP4, whose index tells the times of all tracks. */
  isIndexed: boolean
  /** Reads all packets of what may be shown and of the audio that is played, once. */
  scan(audio: readonly ProbedStream[]): Promise<Scan>
}

async function openSource(probed: Probed, { tools, workspace, signal }: TaskContext): Promise<Source> {
  const file = join(workspace, SOURCE_FILE)
  const { report, idle } = probed
  const isMov = report.format.format_name.startsWith('mov,')
  const video = videoCandidates(report).map((stream) => ({ index: stream.index, frameSeconds: frameSeconds(stream) }))
  let scanned: Promise<Scan> | undefined
  const scan = (audio: readonly ProbedStream[]) => {
    const indexes = audio.map(({ index }) => index)
    scanned ??= scanPackets(tools, { cwd: workspace, video, audio: indexes, idle, signal })
    return scanned
  }
  return { ...probed, file, isIndexed: isMov && (await hasCompleteIndex(file)), scan }
}

function frameSeconds(video: ProbedStream): number {
  const rate = parseRate(video.avg_frame_rate) ?? parseRate(video.r_frame_rate)
  return rate ? 1 / perSecond(rate) : 1 / 25
}

/** Throws `NO_VIDEO_STREAM` or `SOURCE_UNSUPPORTED`. */
async function chooseTracks(
  source: Source,
  context: TaskContext,
): Promise<SourceTracks & { subtitles: SourceSubtitles[] }> {
  const { report, file } = source
  const inIndex = report.format.format_name.startsWith('mov,') ? await findEncryptedTracks(file) : []
  const isEncrypted = ({ index, side_data_list: data }: ProbedStream) =>
    inIndex[index] === true || data?.some(({ side_data_type: type }) => /encrypt/i.test(type ?? '')) === true
  const { audio, microphones, otherAudio, warnings } = chooseAudio(report, isEncrypted)
  const video = await mainVideo(source, audio ? [audio, ...otherAudio] : [])
  assertShowable(video, isEncrypted(video))
  const texts = chooseSubtitles(report, isEncrypted)
  for (const warning of [...warnings, ...skippedTracks(report, video), ...texts.warnings]) context.warn(warning)
  return { video, audio, microphones, otherAudio, subtitles: texts.subtitles }
}

/** Frames are counted only where there is a choice. */
async function mainVideo(source: Source, audio: readonly ProbedStream[]): Promise<ProbedStream> {
  const candidates = videoCandidates(source.report)
  const [only] = candidates
  if (!only) throw inputFault('NO_VIDEO_STREAM')
  if (candidates.length === 1) return only
  if (source.isIndexed && candidates.every(({ nb_frames }) => nb_frames !== undefined)) {
    return chooseVideo(candidates, ({ nb_frames }) => nb_frames ?? 0)
  }
  const { video } = await source.scan(audio)
  return chooseVideo(candidates, ({ index }) => video.get(index)?.times.length ?? 0)
}

/** The frames by the header where it can be trusted, else by the index, else by a scan of the whole file. */
async function findFrames(source: Source, tracks: SourceTracks): Promise<FoundFrames> {
  const { report, isIndexed, file } = source
  const { video } = tracks
  if (isCover(video)) return stillFrame(firstOf(await audioStretches(source, tracks)))
  const declared = declaredFrames(report, video, isIndexed)
  if (declared) return declared
  const indexed = isIndexed ? await indexedTimes(file, video) : undefined
  if (indexed) return scannedFrames(video, indexed)
  const frames = (await source.scan(audioOf(tracks))).video.get(video.index)
  if (frames?.losesMany) throw inputFault('SOURCE_CLOCK_JUMPS')
  return scannedFrames(video, frames ?? { times: [], lastDuration: 0 })
}

/** When there is audio, of any track: by the index of a whole MP4, else by the packets. */
async function audioStretches(source: Source, tracks: SourceTracks): Promise<Stretch[]> {
  const all = audioOf(tracks)
  if (all.length === 0) return []
  if (!source.isIndexed || all.some(({ duration }) => duration === undefined)) {
    return inOrder((await source.scan(all)).audio)
  }
  return inOrder(all.map(({ start_time: from = 0, duration = 0 }) => ({ from, to: from + duration })))
}

function audioOf({ audio, microphones, otherAudio }: SourceTracks): ProbedStream[] {
  return audio ? [audio, ...microphones, ...otherAudio] : []
}

function inOrder(stretches: readonly Stretch[]): Stretch[] {
  return stretches.toSorted((one, other) => one.from - other.from)
}

function firstOf([first]: readonly Stretch[]): number {
  return first?.from ?? 0
}

/** Share of the frames; less is the unevenness of clocks. */
const NOTED_SHARE = 0.1

function droppedFrames({ grid, frames }: FoundFrames): Warning[] {
  if (grid.frameCount >= frames * (1 - NOTED_SHARE)) return []
  const rate = perSecond(grid.frameRate)
    .toFixed(2)
    .replace(/\.?0+$/, '')
  return [
    warningOf('FRAMES_DROPPED', `The file has ${frames} frames, the video ${grid.frameCount}, at ${rate} a second.`),
  ]
}
