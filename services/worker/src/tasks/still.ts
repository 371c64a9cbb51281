import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { StorageKey, Store } from '@kinora/common/storage'
import sharp, { type Sharp } from 'sharp'
import { perSecond } from '../domain/frame-rate.ts'
import { asTaskFailure, hostFault } from '../domain/task-failure.ts'
import type { WorkOf } from '../domain/task-work.ts'
import { SOURCE_FILE } from '../infra/allowed-input.ts'
import { readSource, runFfmpeg, seekTo } from '../infra/ffmpeg.ts'
import { readRendition } from '../infra/published-video.ts'
import { takeOutput } from '../operations/take-output.ts'
import type { Task, TaskContext } from './task.ts'

type StillWork = WorkOf<'still'>

/** Pixels without a format, so that nothing that ffmpeg wrote is decoded in this process. */
const FRAME = 'frame.rgb'
const CHANNELS = 3

/**
 * One frame of a published rendition, as a picture of the width that was asked for. Reads the rendition and not the source:
 * its frames are those that viewers see, it has a key frame every few seconds, and it is one segment.
 */
export const still: Task<'still'> = async (work, context) => {
  const { store, workspace, outputKey, signal } = context
  await writeFile(join(workspace, SOURCE_FILE), await segmentOfFrame(store, work), { signal })
  const raw = { ...work.size, channels: CHANNELS } as const
  const picture = sharp(await decodeFrame(work, context), { raw })
  const small = work.width < work.size.width ? picture.resize({ width: work.width }) : picture
  const bytes = await ENCODERS[work.format](small).toBuffer()
  await store.put(`${outputKey}/still.${work.format}`, bytes)
  return { kind: 'still', bytes: bytes.length }
}

const ENCODERS: Record<StillWork['format'], (picture: Sharp) => Sharp> = {
  jpg: (picture) => picture.jpeg({ mozjpeg: true, quality: 85 }),
  webp: (picture) => picture.webp({ quality: 82 }),
  // A viewer waits for it, and more effort saves a few percent.
  avif: (picture) => picture.avif({ quality: 60, effort: 2 }),
}

/** The initialisation segment and the segment with the frame: together a file. */
async function segmentOfFrame(store: Store, { renditionKey, frame, frameRate }: StillWork): Promise<Buffer> {
  const { init, segments } = await readRendition(store, renditionKey)
  const middle = (frame + 0.5) / perSecond(frameRate)
  let [end, found]: [number, StorageKey | undefined] = [0, undefined]
  for (const { key, seconds } of segments) {
    end += seconds
    if (middle >= end) continue
    found = key
    break
  }
  if (found === undefined) throw hostFault('VERIFICATION_FAILED', 'The video has no such frame.', renditionKey)
  return Buffer.concat([await store.get(init), await store.get(found)])
}

async function decodeFrame(
  { frame, frameRate, size: { width, height } }: StillWork,
  { tools, workspace, signal }: TaskContext,
): Promise<Buffer> {
  // Half a frame earlier, because times are rounded to the ticks of the file.
  const from = Math.max(0, (frame - 0.5) / perSecond(frameRate))
  const filters = [
    `select='gte(t,${from.toFixed(6)})'`,
    `scale=${width}:${height}:flags=bicubic+accurate_rnd+full_chroma_int`,
    'format=rgb24',
  ]
  const command = readSource(tools, ['h264'], ...seekTo('mp4', from))
    .complexFilter(`[0:v]${filters.join(',')}[frame]`)
    .output(FRAME)
    .outputOptions('-map', '[frame]', '-frames:v', '1', '-fps_mode', 'passthrough', '-map_metadata', '-1')
    .outputOptions('-c:v', 'rawvideo', '-f', 'rawvideo')
  const bytes = width * height * CHANNELS
  const end = await runFfmpeg(tools, command, { cwd: workspace, outputBytes: bytes + SLACK_BYTES, signal })
  if (end.exitCode !== 0) throw asTaskFailure(end)
  const pixels = await readFile(await takeOutput(workspace, FRAME, bytes))
  if (pixels.length === bytes) return pixels
  throw hostFault('VERIFICATION_FAILED', 'The frame could not be decoded.', `${pixels.length} bytes`)
}

const SLACK_BYTES = 1024 * 1024
