import { execFile } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type ClaimedTask, media, type TaskCause, type TaskResult, type ToolRuns } from '@kinora/common/contracts'
import { sourceLimits, workerConfig } from '@kinora/worker/config'
import { openTools } from '@kinora/worker/service'
import { runTask } from '@kinora/worker/tasks'
import { withWorkspace } from '@kinora/worker/workspace'
import { afterAll } from 'vitest'
import type { Context } from '../../src/context.ts'
import type { Gateway, UserActor } from './gateway.ts'

const config = workerConfig.parse({
  AMQP_URL: 'amqp://unused',
  STORAGE_URL: 'file:///unused',
  X264_PRESET: 'ultrafast',
})

export type Outcome = { result: TaskResult; tools: ToolRuns } | { cause: TaskCause }

/** Real clips and real jobs, for a test that decides itself when each of them runs. */
export interface RealWork {
  /** A video whose source is two segments of picture and sound, 240p. */
  upload(gateway: Gateway, owner: UserActor): Promise<{ videoId: string; sourceSha256: string }>
  run(task: ClaimedTask): Promise<Outcome>
}

export async function openRealWork({ store }: Context): Promise<RealWork> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-media-test-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  const tools = await openTools(config)
  return {
    async upload(gateway, owner) {
      const clip = await makeClip(folder)
      const bytes = await readFile(clip)
      const sha256 = createHash('sha256').update(bytes).digest('hex')
      const { id: videoId } = await gateway.createVideo(owner)
      const named = { filename: 'clip.mp4', bytes: bytes.length }
      const begun = await gateway.call(media.beginUpload, { videoId, contentType: 'video/mp4', ...named }, owner)
      const { uploadId, storageKey } = begun
      await store.adopt(clip, storageKey)
      await gateway.call(media.completeUpload, { videoId, uploadId, storageKey, ...named, sha256 }, owner)
      return { videoId, sourceSha256: sha256 }
    },
    async run({ work, outputKey }) {
      const commands: string[][] = []
      const job = {
        ...{ store, outputKey, limits: sourceLimits(config), signal: new AbortController().signal },
        tools: { ...tools, onRun: (command: string[]) => void commands.push(command) },
        ...{ progress: () => {}, written: () => {}, warn: () => {} },
      }
      try {
        const result = await withWorkspace(join(folder, 'work'), (workspace) => runTask(work, { ...job, workspace }))
        return { result, tools: { ffmpeg: tools.build, commands } }
      } catch (error) {
        return { cause: (error as { taskCause: TaskCause }).taskCause }
      }
    },
  }
}

async function makeClip(folder: string): Promise<string> {
  const path = join(folder, 'clip.mp4')
  await promisify(execFile)('ffmpeg', [
    ...['-nostdin', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', 'testsrc2=size=426x240:rate=25:duration=7'],
    ...['-f', 'lavfi', '-i', 'sine=sample_rate=48000:duration=7', '-c:v', 'libx264', '-preset', 'ultrafast'],
    ...['-c:a', 'aac', path],
  ])
  return path
}
