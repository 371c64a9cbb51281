import { join } from 'node:path'
import { MAX_SOURCE_SUBTITLES, type SourceSubtitles, type Warning, warningOf } from '@kinora/common/contracts'
import { parseRate, perSecond } from '../domain/frame-rate.ts'
import { isCover, isMp4, type ProbedStream } from '../domain/probe-report.ts'
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
import { type FoundFrames, type Stretch, wholeTimeline } from '../domain/timeline.ts'
import {
  assertShowable,
  chooseAudio,
  chooseSubtitles,
  chooseVideo,
  skippedTracks,
  videoCandidates,
} from '../domain/track-choice.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { CLOSED_CAPTIONS, mayHaveClosedCaptions } from '../operations/closed-captions.ts'
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
  const { source, tracks, subtitles } = await chooseTracks(probed, context)
  const found = await findFrames(source, tracks.video)
  const { timeline, warnings } = wholeTimeline(found, await audioStretches(source))
  const facts = sourceFacts(report, tracks, timeline, found.rate)
  assertFactsWithinLimits(facts, tracks.video, found.rate, limits)
  for (const warning of [...warnings, ...droppedFrames(found)]) context.warn(warning)
  const packets = async () => (await source.scan()).video.get(tracks.video.index)?.packets
  const frames = { path: file, isIndexed: source.isIndexed, packets }
  const remuxable = await findRemuxable(frames, facts, tracks.video)
  const hasRoom = subtitles.length < MAX_SOURCE_SUBTITLES
  if (hasRoom && (await mayHaveClosedCaptions(file, facts.video.codec))) subtitles.push(closedCaptionsOf(tracks))
  return {
    kind: 'probe',
    facts: remuxable ? { ...facts, video: { ...facts.video, copyable: remuxable.copyable } } : facts,
    ...(remuxable && { cuts: remuxable.cuts }),
    chapters: sourceChapters(report),
    ...(subtitles.length > 0 && { subtitles }),
  }
}

/** Broadcasters put captions for people who do not hear into the frames, in the language of the audio. */
function closedCaptionsOf({ video, audio }: SourceTracks): SourceSubtitles {
  const language = audio?.tags?.language
  return { streamIndex: video.index, codec: CLOSED_CAPTIONS, sdh: true, ...(language && { language }) }
}

interface Source extends Probed {
  file: string
  /** A whole MP4, whose index tells the times of all tracks. */
  isIndexed: boolean
  /** Streams of the audio that is played. */
  audio: readonly ProbedStream[]
  /** Reads all packets of what may be shown and of that audio, once. */
  scan(): Promise<Scan>
}

async function openSource(
  probed: Probed,
  audio: readonly ProbedStream[],
  { tools, workspace, signal }: TaskContext,
): Promise<Source> {
  const file = join(workspace, SOURCE_FILE)
  const { report, idle } = probed
  const video = videoCandidates(report).map((stream) => ({
    ...{ index: stream.index, frameSeconds: frameSeconds(stream), keepPackets: stream.codec_name === 'h264' },
  }))
  let scanned: Promise<Scan> | undefined
  const scan = () => {
    scanned ??= scanPackets(tools, { cwd: workspace, video, audio: audio.map(({ index }) => index), idle, signal })
    return scanned
  }
  return { ...probed, file, isIndexed: isMp4(report) && (await hasCompleteIndex(file)), audio, scan }
}

function frameSeconds(video: ProbedStream): number {
  const rate = parseRate(video.avg_frame_rate) ?? parseRate(video.r_frame_rate)
  return rate ? 1 / perSecond(rate) : 1 / 25
}

/** Throws `NO_VIDEO_STREAM` or `SOURCE_UNSUPPORTED`. */
async function chooseTracks(
  probed: Probed,
  context: TaskContext,
): Promise<{ source: Source; tracks: SourceTracks; subtitles: SourceSubtitles[] }> {
  const { report } = probed
  const inIndex = isMp4(report) ? await findEncryptedTracks(join(context.workspace, SOURCE_FILE)) : []
  const isEncrypted = ({ index, side_data_list: data }: ProbedStream) =>
    inIndex[index] === true || data?.some(({ side_data_type: type }) => /encrypt/i.test(type ?? '')) === true
  const { audio, microphones, otherAudio, warnings } = chooseAudio(report, isEncrypted)
  const source = await openSource(probed, audio ? [audio, ...microphones, ...otherAudio] : [], context)
  const video = await mainVideo(source)
  assertShowable(video, isEncrypted(video))
  const { subtitles, warnings: skipped } = chooseSubtitles(report, isEncrypted)
  for (const warning of [...warnings, ...skippedTracks(report, video), ...skipped]) context.warn(warning)
  return { source, tracks: { video, audio, microphones, otherAudio }, subtitles }
}

/** Frames are counted only where there is a choice. */
async function mainVideo(source: Source): Promise<ProbedStream> {
  const candidates = videoCandidates(source.report)
  const [only] = candidates
  if (!only) throw inputFault('NO_VIDEO_STREAM')
  if (candidates.length === 1) return only
  if (source.isIndexed && candidates.every(({ nb_frames }) => nb_frames !== undefined)) {
    return chooseVideo(candidates, ({ nb_frames }) => nb_frames ?? 0)
  }
  const { video } = await source.scan()
  return chooseVideo(candidates, ({ index }) => video.get(index)?.times.length ?? 0)
}

/** The frames by the header where it can be trusted, else by the index, else by a scan of the whole file. */
async function findFrames(source: Source, video: ProbedStream): Promise<FoundFrames> {
  const { report, isIndexed, file } = source
  if (isCover(video)) {
    const [first] = await audioStretches(source)
    return stillFrame(first?.from ?? 0)
  }
  const declared = declaredFrames(report, video, isIndexed)
  if (declared) return declared
  const indexed = isIndexed ? await indexedTimes(file, video) : undefined
  if (indexed) return scannedFrames(video, indexed)
  const frames = (await source.scan()).video.get(video.index)
  if (frames?.losesMany) throw inputFault('SOURCE_CLOCK_JUMPS')
  return scannedFrames(video, frames ?? { times: [], lastDuration: 0 })
}

/** When there is audio, of any track, in order: by the index of a whole MP4, else by the packets. */
async function audioStretches({ audio, isIndexed, scan }: Source): Promise<Stretch[]> {
  if (audio.length === 0) return []
  const stretches =
    isIndexed && audio.every(({ duration }) => duration !== undefined)
      ? audio.map(({ start_time: from = 0, duration = 0 }) => ({ from, to: from + duration }))
      : (await scan()).audio
  return stretches.toSorted((one, other) => one.from - other.from)
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
