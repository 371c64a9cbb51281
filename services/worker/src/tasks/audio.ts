import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type SourceAudio, warningOf } from '@kinora/common/contracts'
import { mainTrack, readInitSegment } from '@kinora/formats/mp4'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { addedFacts } from '../domain/source-facts.ts'
import { asTaskFailure, hostFault, inputFault } from '../domain/task-failure.ts'
import type { AudioWork, ResultOf } from '../domain/task-work.ts'
import { chooseAudio, refuseSilent } from '../domain/track-choice.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { runFfmpegPolled } from '../infra/ffmpeg.ts'
import { takenFolder } from '../infra/workspace.ts'
import {
  AAC_FRAME,
  AUDIO_RATE,
  audioCommand,
  audioSamples,
  audioSegmentCount,
  silenceCommand,
} from '../operations/audio-command.ts'
import { appendTail, readLocalSegment } from '../operations/local-segment.ts'
import { probeSource } from '../operations/probe-source.ts'
import { collectSegments, hasContent } from '../operations/segment-collector.ts'
import { encryptionOf } from '../operations/source-index.ts'
import { takeOutput } from '../operations/take-output.ts'
import type { Task, TaskContext } from './task.ts'

/** Twice the rate of the encoder, for 5.1. */
const BYTES_A_SECOND = 96_000

/**
 * Encodes the whole audio track in one run: in chunks, each would begin with a frame of encoder delay, and drift. When an
 * earlier attempt has published the first segments, all are encoded again with the same result, and the rest is reported.
 * Where nothing of the first track of a video can be decoded the result is silence, and a warning: the frames may be good.
 */
export const audio: Task<'audio'> = async (asked, context) => {
  const { store, tools, workspace } = context
  await store.materialise(asked.sourceKey, join(workspace, SOURCE_FILE))
  const work = asked.added ? await addedWork(asked, context) : asked
  const track = trackOf(work)
  if (!track) throw hostFault('TRANSCODE_FAILED', 'There is no audio to encode.')
  const made = await encode(audioCommand(tools, work, track), work, context)
  if (made) return made
  if (work.track !== undefined || work.channels !== undefined || work.facts.kind === 'audio')
    throw inputFault('SOURCE_CORRUPT', 'The audio of this track cannot be decoded.')
  context.warn(
    warningOf('AUDIO_UNDECODABLE', `Nothing of the audio (${track.codec}) can be decoded: the video is silent.`),
  )
  const silence = await encode(silenceCommand(tools, work), work, context)
  if (!silence) throw verificationFailed('not even silence was encoded')
  return silence
}

/** Seconds; less is not worth a warning. */
const NOTED_SECONDS = 0.5

/** The work with the facts of an added file, which no probe has looked at before. */
async function addedWork(work: AudioWork, { tools, workspace, signal, warn }: TaskContext): Promise<AudioWork> {
  const { report } = await probeSource(tools, workspace, signal)
  const isEncrypted = await encryptionOf(report, join(workspace, SOURCE_FILE))
  const { audio: chosen } = chooseAudio(report, isEncrypted)
  if (!chosen) refuseSilent(report, isEncrypted)
  const longer = (report.format.duration ?? 0) - work.facts.durationSeconds
  if (longer > NOTED_SECONDS) {
    const detail = `Added audio track ${work.track} is ${longer.toFixed(1)} s longer than the video: its end is left out.`
    warn(warningOf('AUDIO_CUT', detail))
  }
  return { ...work, facts: addedFacts(work.facts, report, chosen), streamIndex: chosen.index }
}

/** Undefined when nothing was decoded. */
async function encode(
  command: FfmpegCommand,
  work: AudioWork,
  context: TaskContext,
): Promise<ResultOf<'audio'> | undefined> {
  const { tools, workspace, signal } = context
  const meter = segmentMeter(work, context)
  const folders = [{ name: '', firstSegment: work.firstSegment }]
  const count = audioSegmentCount(work)
  // Until the end it may get a tail that is too short to be a segment.
  const plan = { folders, openEnd: count - 1, end: count, measure: meter.measure }
  const collector = collectSegments(plan, context)
  const outputBytes = Math.ceil(work.facts.durationSeconds * BYTES_A_SECOND) + 64 * 1024 * 1024
  const end = await runFfmpegPolled(tools, command, { cwd: workspace, outputBytes, signal, poll: collector.collect })
  const failure = end.exitCode === 0 ? undefined : asTaskFailure(end)
  if (failure && failure.taskCause.class !== 'input') throw failure
  if (meter.samples() === 0 && !(await hasContent(join(workspace, '0.m4s')))) return undefined
  const result = await collector.finish()
  const isComplete = Math.abs(meter.samples() - audioSamples(work.facts)) < AAC_FRAME
  // ffmpeg reports a failure where it could not decode most of a track, and has filled it up with silence.
  if (failure && isComplete) context.warn(warningOf('AUDIO_UNDECODABLE', 'Most of the audio cannot be decoded.'))
  else if (failure) throw failure
  else if (!isComplete) {
    throw verificationFailed(`${meter.samples()} samples at ${AUDIO_RATE}, expected ${audioSamples(work.facts)}`)
  }
  return result
}

function trackOf({ facts, streamIndex }: AudioWork): SourceAudio | undefined {
  if (streamIndex === undefined || facts.audio?.streamIndex === streamIndex) return facts.audio ?? undefined
  return facts.otherAudio?.find((other) => other.streamIndex === streamIndex)
}

/** Measures segments in order from the very first, also those that are not reported: they must follow without a gap. */
function segmentMeter(work: AudioWork, { workspace, progress }: TaskContext) {
  const { facts, track } = work
  let [measured, samples] = [0, 0]
  const end = audioSegmentCount(work)

  /** The muxer has cut near the end, where the video has no cut. */
  async function addTail(number: number): Promise<void> {
    const tail = `${number + 1}.m4s`
    if (!(await hasContent(join(workspace, tail)))) return
    await takeOutput(workspace, tail)
    await appendTail(takenFolder(workspace), number)
  }

  async function measure(from: number, to: number): Promise<ResultOf<'audio'>> {
    const folder = takenFolder(workspace)
    if (measured === 0) await takeOutput(workspace, 'init.mp4')
    const initFile = await readFile(join(folder, 'init.mp4'))
    const init = readInitSegment(initFile)
    const { codecs, timescale } = mainTrack(init)
    const segments: ResultOf<'audio'>['segments'] = []
    for (; measured < to; measured += 1) {
      const path = await takeOutput(workspace, `${measured}.m4s`)
      if (measured === end - 1) await addTail(measured)
      const { bytes, decodeTime, duration, sha256 } = await readLocalSegment(path, init)
      if (decodeTime !== samples) throw verificationFailed(`a segment at ${decodeTime}, expected ${samples}`)
      samples += duration
      if (measured >= from) segments.push({ bytes, seconds: duration / timescale, sha256 })
    }
    progress(Math.min(0.99, samples / audioSamples(facts)))
    const initSha256 = createHash('sha256').update(initFile).digest('hex')
    const initBytes = initFile.length
    const { channels = 2 } = work
    const part = { kind: 'audio', codecs, channels, initBytes, initSha256, firstSegment: from, segments } as const
    return track === undefined ? part : { ...part, track }
  }

  return { measure, samples: () => samples }
}

function verificationFailed(diagnosis: string): Error {
  return hostFault('VERIFICATION_FAILED', 'The audio does not have the length of the video.', diagnosis)
}
