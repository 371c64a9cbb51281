import { setTimeout as sleep } from 'node:timers/promises'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { runFfmpeg } from './ffmpeg-command.ts'
import type { ToolEnd, Tools } from './run-tool.ts'

/** A small part of what the first segment takes. */
const LOOK_EVERY_MS = 50

/** Runs ffmpeg and calls `look` again and again while it runs. When `look` throws, ffmpeg is killed and that is thrown. */
export async function runFollowed(
  tools: Tools,
  command: FfmpegCommand,
  run: { cwd: string; signal: AbortSignal; onFrame?: (frame: number) => void; look: () => Promise<void> },
): Promise<ToolEnd> {
  const broken = new AbortController()
  const signal = AbortSignal.any([run.signal, broken.signal])
  let running = true
  const end = runFfmpeg(tools, command, { ...run, signal }).finally(() => {
    running = false
  })
  // Awaited at the end; this only keeps its failure from counting as unhandled until then.
  const settled = end.catch(() => {})
  try {
    while (running) {
      await run.look()
      await Promise.race([settled, sleep(LOOK_EVERY_MS)])
    }
  } catch (error) {
    broken.abort(error)
    await settled
    throw error
  }
  return await end
}
