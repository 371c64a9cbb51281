import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DOWNLOAD_FILE, type StorageKey } from '@kinora/common/storage'
import ffmpeg, { type FfmpegCommand } from 'fluent-ffmpeg'
import { hostFault } from '../domain/task-failure.ts'
import { allowedInput } from '../infra/allowed-input.ts'
import { REPORTING, runFfmpeg } from '../infra/ffmpeg.ts'
import { readRendition } from '../infra/published-video.ts'
import type { Tools } from '../infra/run-tool.ts'
import { takeOutput } from '../operations/take-output.ts'
import type { Task, TaskContext } from './task.ts'

const VIDEO_FILE = 'video.mp4'
const AUDIO_FILE = 'audio.mp4'

/** Joins a published video rendition and the audio into one file, or puts the audio alone into one, without encoding. */
export const download: Task<'download'> = async ({ pictureKey, soundKey, frameCount }, context) => {
  const { store, tools, workspace, outputKey, signal } = context
  const inputs: string[] = []
  if (pictureKey !== null) {
    await fetchRendition(pictureKey, VIDEO_FILE, context)
    inputs.push(VIDEO_FILE)
  }
  if (soundKey !== null) {
    await fetchRendition(soundKey, AUDIO_FILE, context)
    inputs.push(AUDIO_FILE)
  }
  let frames = 0
  const onFrame = (frame: number) => {
    frames = frame
    context.progress(Math.min(0.99, frame / frameCount))
  }
  const inputBytes = (await Promise.all(inputs.map((name) => stat(join(workspace, name))))).map(({ size }) => size)
  const outputBytes = inputBytes.reduce((sum, bytes) => sum + bytes, 64 * 1024 * 1024)
  const end = await runFfmpeg(tools, joinCommand(tools, inputs, pictureKey === null ? 'ipod' : 'mp4'), {
    cwd: workspace,
    outputBytes,
    signal,
    onFrame,
  })
  if (end.exitCode !== 0 || (pictureKey !== null && frames !== frameCount)) {
    const diagnosis = `${frames} of ${frameCount} frames; ${end.stderr}`
    throw hostFault('TRANSCODE_FAILED', 'The download file could not be created.', diagnosis)
  }
  const file = await takeOutput(workspace, DOWNLOAD_FILE, outputBytes)
  const { size: bytes } = await stat(file)
  await store.adopt(file, `${outputKey}/${DOWNLOAD_FILE}`)
  return { kind: 'download', bytes }
}

/** Writes the initialisation segment and all segments of a media playlist as one file, a fragmented MP4. */
async function fetchRendition(key: StorageKey, name: string, context: TaskContext): Promise<void> {
  const { store, workspace, signal } = context
  const { init, segments } = await readRendition(store, key)

  async function* bytes() {
    yield await store.get(init)
    for (const segment of segments) yield* store.read(segment.key)
  }

  await pipeline(bytes, createWriteStream(join(workspace, name)), { signal })
}

/**
 * Copies the first track of each file, without encoding, into one MP4 with its index first, so that it plays while it is
 * downloaded. The worker chooses the names of `inputs`, which are inside the workspace.
 * @param format `ipod` is M4A
 */
function joinCommand(tools: Tools, inputs: readonly string[], format: 'mp4' | 'ipod'): FfmpegCommand {
  const command = ffmpeg()
  for (const [index, name] of inputs.entries()) {
    command.input(`file:${name}`).inputOptions(...(index === 0 ? REPORTING : []), ...allowedInput(tools))
  }
  return command
    .output(DOWNLOAD_FILE)
    .outputOptions(...inputs.flatMap((_, index) => ['-map', `${index}:0`]))
    .outputOptions('-c', 'copy', '-map_metadata', '-1', '-fflags', '+bitexact')
    .outputOptions('-movflags', '+faststart', '-f', format)
}
