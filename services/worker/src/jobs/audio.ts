import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { SOURCE_FILE } from '../media-tools/allowed-input.ts'
import { AAC_FRAME, AUDIO_RATE, audioCommand, soundSamples } from '../media-tools/audio-command.ts'
import { runFfmpeg } from '../media-tools/ffmpeg-command.ts'
import type { SampleDefaults } from '../media-tools/fragment.ts'
import { readInitSegment } from '../media-tools/init-segment.ts'
import { readLocalSegment } from '../media-tools/local-segment.ts'
import type { Segment } from '../media-tools/segment.ts'
import { asTaskFailure } from '../media-tools/tool-failure.ts'
import { hostFault, inputFault } from '../task-failure.ts'
import type { Job, JobContext } from './job.ts'

/** Encodes the whole sound at once: in chunks, each would begin with a frame of encoder delay and drift. */
export const audio: Job<'audio'> = async (work, job) => {
  const { store, tools, workspace, signal } = job
  const track = work.facts.audio
  if (!track) throw hostFault('TRANSCODE_FAILED', 'There is no sound to encode.')
  await store.materialise(work.sourceKey, join(workspace, SOURCE_FILE))

  const end = await runFfmpeg(tools, audioCommand(tools, work, track.streamIndex), { cwd: workspace, signal })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const count = (await readdir(workspace)).filter((name) => name.endsWith('.m4s')).length
  if (count === 0) throw inputFault('SOURCE_CORRUPT', 'The sound of this file cannot be decoded.', end.stderr)
  job.progress(0.9)

  const init = await readFile(join(workspace, 'init.mp4'))
  const { codecs, timescale, defaults } = readInitSegment(init)
  const segments = await readSegments(workspace, count, defaults)
  assertWhole(segments, soundSamples(work.facts))
  await keep(segments.length, job)
  return {
    kind: 'audio',
    codecs,
    channels: 2,
    initBytes: init.length,
    segments: segments.map(({ bytes, duration }) => ({ bytes, seconds: duration / timescale })),
  }
}

async function readSegments(workspace: string, count: number, defaults: SampleDefaults): Promise<Segment[]> {
  const segments: Segment[] = []
  for (let number = 0; number < count; number += 1) {
    segments.push(await readLocalSegment(join(workspace, `${number}.m4s`), defaults))
  }
  return segments
}

/** The segments must follow one another from 0 to the end of the picture, give or take the last AAC frame. */
function assertWhole(segments: Segment[], samples: number): void {
  let at = 0
  for (const { decodeTime, duration } of segments) {
    if (decodeTime !== at) throw verificationFailed(`a segment at ${decodeTime}, expected ${at}`)
    at += duration
  }
  if (Math.abs(at - samples) >= AAC_FRAME)
    throw verificationFailed(`${at} samples at ${AUDIO_RATE}, expected ${samples}`)
}

function verificationFailed(diagnosis: string): Error {
  return hostFault('VERIFICATION_FAILED', 'The sound does not have the length of the picture.', diagnosis)
}

async function keep(segments: number, { store, workspace, outputKey, signal }: JobContext): Promise<void> {
  const files = ['init.mp4', ...Array.from({ length: segments }, (_, number) => `${number}.m4s`)]
  for (const file of files) {
    signal.throwIfAborted()
    await store.adopt(join(workspace, file), `${outputKey}/${file}`)
  }
}
