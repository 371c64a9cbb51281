import { createWriteStream } from 'node:fs'
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { DOWNLOAD_FILE, type StorageKey } from '@kinora/common/storage'
import { runFfmpeg } from '../media-tools/ffmpeg-command.ts'
import { joinCommand } from '../media-tools/join-command.ts'
import { readRendition } from '../published-rendition.ts'
import { hostFault } from '../task-failure.ts'
import type { Job, JobContext } from './job.ts'

/** Puts what was published of one rendition, and the sound, into one file. Nothing is encoded again. */
export const download: Job<'download'> = async ({ pictureKey, soundKey, frameCount }, job) => {
  const { store, tools, workspace, outputKey, signal } = job
  const inputs = ['picture.mp4']
  await gather(pictureKey, 'picture.mp4', job)
  if (soundKey !== null) {
    await gather(soundKey, 'sound.mp4', job)
    inputs.push('sound.mp4')
  }
  let frames = 0
  const onFrame = (frame: number) => {
    frames = frame
    job.progress(Math.min(0.99, frame / frameCount))
  }
  const end = await runFfmpeg(tools, joinCommand(tools, inputs, DOWNLOAD_FILE), { cwd: workspace, signal, onFrame })
  if (end.exitCode !== 0 || frames !== frameCount) {
    const diagnosis = `${frames} of ${frameCount} frames; ${end.stderr}`
    throw hostFault('TRANSCODE_FAILED', 'The file could not be put together.', diagnosis)
  }
  const { size: bytes } = await stat(join(workspace, DOWNLOAD_FILE))
  await store.adopt(join(workspace, DOWNLOAD_FILE), `${outputKey}/${DOWNLOAD_FILE}`)
  return { kind: 'download', bytes }
}

/** The initialisation and all segments of a media playlist behind one another are a fragmented MP4. */
async function gather(playlistKey: StorageKey, name: string, { store, workspace, signal }: JobContext): Promise<void> {
  const { init, segments } = await readRendition(store, playlistKey)

  async function* bytes() {
    yield await store.get(init)
    for (const { key } of segments) yield* store.read(key)
  }

  await pipeline(bytes, createWriteStream(join(workspace, name)), { signal })
}
