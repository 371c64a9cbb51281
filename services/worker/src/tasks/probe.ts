import { join } from 'node:path'
import {
  MAX_SOURCE_SUBTITLES,
  type SourceFacts,
  type SourceSubtitles,
  type Warning,
  warningOf,
} from '@kinora/common/contracts'
import { parseRate, perSecond } from '../domain/frame-rate.ts'
import { isMp4, type ProbedStream } from '../domain/probe-report.ts'
import {
  type AudioTracks,
  audioSourceFacts,
  declaredFrames,
  type SourceTracks,
  scannedFrames,
  sourceChapters,
  sourceFacts,
} from '../domain/source-facts.ts'
import { assertFactsWithinLimits, assertLength, assertWithinLimits } from '../domain/source-limits.ts'
import { inputFault } from '../domain/task-failure.ts'
import type { ResultOf } from '../domain/task-work.ts'
import { audioTimeline, type FoundFrames, type Stretch, wholeTimeline } from '../domain/timeline.ts'
import {
  assertShowable,
  chooseAudio,
  chooseCover,
  chooseSubtitles,
  chooseVideo,
  refuseSilent,
  skippedTracks,
  videoCandidates,
} from '../domain/track-choice.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { CLOSED_CAPTIONS, mayHaveClosedCaptions } from '../operations/closed-captions.ts'
import { type Probed, probeSource } from '../operations/probe-source.ts'
import { type Scan, scanPackets } from '../operations/scan-packets.ts'
import { encryptionOf, findRemuxable, hasCompleteIndex, indexedTimes } from '../operations/source-index.ts'
import type { Task, TaskContext } from './task.ts'

/** Finds out what the source is, and whether it is accepted. */
export const probe: Task<'probe'> = async ({ sourceKey }, context) => {
  const { store, tools, limits, workspace, signal } = context
  await store.materialise(sourceKey, join(workspace, SOURCE_FILE))
  const probed = await probeSource(tools, workspace, signal)
  const { report } = probed
  assertWithinLimits(report, limits)
  const { source, video, tracks, subtitles } = await chooseTracks(probed, context)
  const found = video
    ? await videoFacts(source, { video, ...tracks }, context)
    : { facts: await audioFacts(source, tracks, context) }
  const hasRoom = subtitles.length < MAX_SOURCE_SUBTITLES
  if (video && hasRoom && (await mayHaveClosedCaptions(source.file, found.facts.video.codec))) {
    subtitles.push(closedCaptionsOf({ video, ...tracks }))
  }
  return {
    kind: 'probe',
    ...found,
    chapters: sourceChapters(report),
    ...(subtitles.length > 0 && { subtitles }),
  }
}

async function videoFacts(
  source: Source,
  tracks: SourceTracks,
  { limits, warn }: TaskContext,
): Promise<Pick<ResultOf<'probe'>, 'facts' | 'cuts'>> {
  const frames = await findFrames(source, tracks.video)
  const { timeline, warnings } = wholeTimeline(frames, await audioStretches(source))
  const facts = sourceFacts(source.report, tracks, timeline, frames.rate)
  assertFactsWithinLimits(facts, tracks.video, frames.rate, limits)
  for (const warning of [...warnings, ...droppedFrames(frames)]) warn(warning)
  const packets = async () => (await source.scan()).video.get(tracks.video.index)?.packets
  const file = { path: source.file, isIndexed: source.isIndexed, packets }
  const remuxable = await findRemuxable(file, facts, tracks.video)
  if (!remuxable) return { facts }
  const { copyable, cuts } = remuxable
  const found = facts.video.codec === 'hevc' ? { copyableHevc: copyable } : { copyable }
  return { facts: { ...facts, video: { ...facts.video, ...found } }, cuts }
}

async function audioFacts(source: Source, tracks: AudioTracks, { limits, warn }: TaskContext): Promise<SourceFacts> {
  const { timeline, warnings } = audioTimeline(await audioStretches(source))
  const facts = audioSourceFacts(source.report, tracks, chooseCover(source.report), timeline)
  assertLength(facts.durationSeconds, limits)
  for (const warning of warnings) warn(warning)
  return facts
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

interface Chosen {
  source: Source
  /** Undefined for a source without frames, which has audio then. */
  video: ProbedStream | undefined
  tracks: AudioTracks
  subtitles: SourceSubtitles[]
}

/** Throws `NO_VIDEO_STREAM` or `SOURCE_UNSUPPORTED`. */
async function chooseTracks(probed: Probed, context: TaskContext): Promise<Chosen> {
  const { report } = probed
  const isEncrypted = await encryptionOf(report, join(context.workspace, SOURCE_FILE))
  const { audio, microphones, otherAudio, warnings } = chooseAudio(report, isEncrypted)
  const source = await openSource(probed, audio ? [audio, ...microphones, ...otherAudio] : [], context)
  const video = await mainVideo(source)
  if (video) assertShowable(video, isEncrypted(video))
  else if (!audio) refuseSilent(report, isEncrypted)
  const { subtitles, warnings: skipped } = chooseSubtitles(report, isEncrypted)
  const notShown = video ? skippedTracks(report, video) : []
  for (const warning of [...warnings, ...notShown, ...skipped]) context.warn(warning)
  return { source, video, tracks: { audio, microphones, otherAudio }, subtitles }
}

/** Frames are counted only where there is a choice. */
async function mainVideo(source: Source): Promise<ProbedStream | undefined> {
  const candidates = videoCandidates(source.report)
  if (candidates.length <= 1) return candidates[0]
  if (source.isIndexed && candidates.every(({ nb_frames }) => nb_frames !== undefined)) {
    return chooseVideo(candidates, ({ nb_frames }) => nb_frames ?? 0)
  }
  const { video } = await source.scan()
  return chooseVideo(candidates, ({ index }) => video.get(index)?.times.length ?? 0)
}

/** The frames by the header where it can be trusted, else by the index, else by a scan of the whole file. */
async function findFrames(source: Source, video: ProbedStream): Promise<FoundFrames> {
  const { report, isIndexed, file } = source
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
