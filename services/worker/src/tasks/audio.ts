import { createHash } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { mainTrack, readInitSegment } from '@kinora/hls-check/mp4'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { AAC_FRAME, AUDIO_RATE, type AudioWork, audioCommand, soundSamples } from '../media-tools/audio-command.ts'
import { readLocalSegment } from '../media-tools/local-segment.ts'
import { runFollowed } from '../media-tools/run-followed.ts'
import { asTaskFailure } from '../media-tools/tool-failure.ts'
import { hostFault, inputFault } from '../task-failure.ts'
import type { Job, JobContext, ResultOf } from './job.ts'
import { harvestSegments } from './segment-harvest.ts'

/**
 * Encodes the whole sound at once: in chunks, each would begin with a frame of encoder delay and drift. When its first
 * segments have been published by an attempt before, all is encoded again, which gives the same, and the rest handed in.
 */
export const audio: Job<'audio'> = async (work, job) => {
  const { store, tools, workspace, signal } = job
  const track = work.facts.audio
  if (!track) throw hostFault('TRANSCODE_FAILED', 'There is no sound to encode.')
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))

  const sound = measurer(work, job)
  const folders = [{ name: '', firstSegment: work.firstSegment }]
  const harvest = harvestSegments({ folders, openEnd: Number.POSITIVE_INFINITY, measure: sound.measure }, job)
  const command = audioCommand(tools, work, track.streamIndex)
  const end = await runFollowed(tools, command, { cwd: workspace, signal, look: harvest.gather })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const result = await harvest.finish()
  if (sound.samples() === 0) {
    throw inputFault('SOURCE_CORRUPT', 'The sound of this file cannot be decoded.', end.stderr)
  }
  if (Math.abs(sound.samples() - soundSamples(work.facts)) >= AAC_FRAME) {
    throw verificationFailed(`${sound.samples()} samples at ${AUDIO_RATE}, expected ${soundSamples(work.facts)}`)
  }
  return result
}

/** Measures segments one after the other from the very first, whichever are handed in: they must follow without a gap. */
function measurer({ facts }: AudioWork, { workspace, progress }: JobContext) {
  let [measured, samples] = [0, 0]

  async function measure(from: number, to: number): Promise<ResultOf<'audio'>> {
    const initFile = await readFile(join(workspace, 'init.mp4'))
    const init = readInitSegment(initFile)
    const { codecs, timescale } = mainTrack(init)
    const segments: ResultOf<'audio'>['segments'] = []
    for (; measured < to; measured += 1) {
      const { bytes, decodeTime, duration, sha256 } = await readLocalSegment(join(workspace, `${measured}.m4s`), init)
      if (decodeTime !== samples) throw verificationFailed(`a segment at ${decodeTime}, expected ${samples}`)
      samples += duration
      if (measured >= from) segments.push({ bytes, seconds: duration / timescale, sha256 })
    }
    progress(Math.min(0.99, samples / soundSamples(facts)))
    const initSha256 = createHash('sha256').update(initFile).digest('hex')
    const initBytes = initFile.length
    return { kind: 'audio', codecs, channels: 2, initBytes, initSha256, firstSegment: from, segments }
  }

  return { measure, samples: () => samples }
}

function verificationFailed(diagnosis: string): Error {
  return hostFault('VERIFICATION_FAILED', 'The sound does not have the length of the picture.', diagnosis)
}
