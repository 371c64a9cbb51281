import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type StoryboardGrid, spriteCount, spriteName } from '@kinora/common/contracts'
import type { StorageKey, Store } from '@kinora/common/storage'
import type { FfmpegCommand } from 'fluent-ffmpeg'
import { asTaskFailure, hostFault } from '../domain/task-failure.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { readSource, runFfmpeg } from '../infra/ffmpeg.ts'
import { readRendition } from '../infra/published-video.ts'
import type { Tools } from '../infra/run-tool.ts'
import { takeOutput } from '../operations/take-output.ts'
import type { Task, TaskContext } from './task.ts'

/** Small frames gain nothing from threads. */
const THREADS = 1
/** Bytes of all sprites; those of twelve hours have some 30 MB. */
const MAX_BYTES = 256 * 1024 * 1024
/** A key frame may be this much later than a time of the grid, and still be its frame. */
const TOLERANCE_SECONDS = 0.01

/** Reads a published rendition, not the source: it is small, and has a key frame at every time of the grid. */
export const storyboard: Task<'storyboard'> = async ({ renditionKey, grid }, context) => {
  const { store, workspace, outputKey, signal } = context
  const files = await filesOfGrid(store, renditionKey, grid)
  await writeFile(join(workspace, SOURCE_FILE), contents(store, files), { signal })
  for (const name of await drawSprites(grid, context)) {
    await store.adopt(await takeOutput(workspace, name), `${outputKey}/${name}`)
  }
  return { kind: 'storyboard' }
}

/** The initialisation segment, and the segments that contain a frame of the grid. In this order they are one file. */
async function filesOfGrid(
  store: Store,
  renditionKey: StorageKey,
  { interval, count }: StoryboardGrid,
): Promise<StorageKey[]> {
  const { init, segments } = await readRendition(store, renditionKey)
  const wanted = [init]
  let [frame, end] = [0, 0]
  for (const { key, seconds } of segments) {
    end += seconds
    // Durations in playlists are rounded to microseconds.
    const next = Math.min(count, Math.ceil((end - 0.001) / interval))
    if (next > frame) wanted.push(key)
    frame = Math.max(frame, next)
  }
  return wanted
}

async function* contents(store: Store, files: StorageKey[]): AsyncGenerator<Buffer> {
  for (const key of files) yield await store.get(key)
}

/** Draws the sprites of the workspace's source, whose time 0 is the first frame; returns their file names. */
async function drawSprites(grid: StoryboardGrid, { tools, workspace, signal }: TaskContext): Promise<string[]> {
  const end = await runFfmpeg(tools, spriteCommand(tools, grid), { cwd: workspace, outputBytes: MAX_BYTES, signal })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const found = new Set(await readdir(workspace))
  const wanted = Array.from({ length: spriteCount(grid) }, (_, index) => spriteName(index))
  if (wanted.every((name) => found.has(name))) return wanted
  throw hostFault('VERIFICATION_FAILED', 'The storyboard does not have all its sprites.', [...found].join(' '))
}

/** Decodes key frames only; where the grid has a time without a key frame, the one before is shown again. */
function spriteCommand(tools: Tools, grid: StoryboardGrid): FfmpegCommand {
  const { interval, count, columns, rows, width, height } = grid
  const filters = [
    `setpts=PTS-${TOLERANCE_SECONDS}/TB`,
    `fps=fps=1/${interval}:start_time=0:round=up`,
    'tpad=stop=-1:stop_mode=clone',
    `trim=end_frame=${count}`,
    // JPEG (JFIF) is full range in BT.601, whatever the video is.
    `scale=${width}:${height}:out_color_matrix=bt601:out_range=pc`,
    'format=yuvj420p',
    'setsar=1',
    `tile=${columns}x${rows}`,
  ]
  return readSource({ ...tools, threads: THREADS }, ['h264'], '-skip_frame', 'nokey', '-copyts')
    .complexFilter(`[0:v]${filters.join(',')}[sprites]`)
    .output('sprite-%d.jpg')
    .outputOptions('-map', '[sprites]', '-fps_mode', 'passthrough', '-map_metadata', '-1')
    .outputOptions('-c:v', 'mjpeg', '-q:v', '4', '-f', 'image2', '-start_number', '0')
}
