import { readdir } from 'node:fs/promises'
import { type StoryboardGrid, spriteCount, spriteName } from '@kinora/common/contracts'
import { hostFault } from '../task-failure.ts'
import { readSource, runFfmpeg } from './ffmpeg-command.ts'
import type { Tools } from './run-tool.ts'
import { asTaskFailure } from './tool-failure.ts'

/** Small pictures gain nothing from threads. */
const THREADS = 1
/** So much later than a place on the grid a key frame may stand and still be the picture of that place. */
const TOLERANCE_SECONDS = 0.01

/**
 * Draws the sprites of the workspace's source, whose time 0 is the first picture; gives their file names. Only key frames
 * are decoded; where there is none at a place, the one before it is shown again.
 */
export async function makeStoryboard(
  tools: Tools,
  grid: StoryboardGrid,
  cwd: string,
  signal: AbortSignal,
): Promise<string[]> {
  const command = readSource({ ...tools, threads: THREADS }, '-skip_frame', 'nokey', '-copyts')
    .complexFilter(`[0:v]${filters(grid).join(',')}[sprites]`)
    .output('sprite-%d.jpg')
    .outputOptions('-map', '[sprites]', '-fps_mode', 'passthrough', '-map_metadata', '-1')
    .outputOptions('-c:v', 'mjpeg', '-q:v', '4', '-f', 'image2', '-start_number', '0')
  const end = await runFfmpeg(tools, command, { cwd, signal })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const found = new Set(await readdir(cwd))
  const wanted = Array.from({ length: spriteCount(grid) }, (_, index) => spriteName(index))
  if (wanted.every((name) => found.has(name))) return wanted
  throw hostFault('VERIFICATION_FAILED', 'The storyboard does not have all its pictures.', [...found].join(' '))
}

function filters({ interval, count, columns, rows, width, height }: StoryboardGrid): string[] {
  return [
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
}
