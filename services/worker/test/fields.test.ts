import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { createClip, H264, testVideo } from './support/clips.ts'
import { writeFieldPictures } from './support/field-pictures.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()
const at = (name: string) => join(workbench.folder, name)

/** Of each frame of a published rendition, the decoded samples. */
async function framesOf(key: string): Promise<Buffer[]> {
  const path = workbench.pathOf(key)
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-i', path, '-pix_fmt', 'gray', '-f', 'rawvideo', '-']
  const probed = [
    '-v',
    'error',
    '-allowed_extensions',
    'ALL',
    '-show_entries',
    'stream=width,height',
    '-of',
    'csv=p=0',
    path,
  ]
  const { stdout: size } = await run('ffprobe', probed)
  const [width = 0, height = 0] = (size.trim().split('\n')[0] ?? '').split(',').map(Number)
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 2 ** 28 })
  const bytes = width * height
  return Array.from({ length: stdout.length / bytes }, (_, index) =>
    stdout.subarray(index * bytes, (index + 1) * bytes),
  )
}

function difference(one: Buffer | undefined, other: Buffer | undefined): number {
  if (!one || !other) return 0
  return one.reduce((sum, sample, index) => sum + Math.abs(sample - (other[index] ?? 0)), 0) / one.length
}

describe('interlaced frames whose fields have packets of their own', () => {
  it.each(['ts', 'mkv'])('in .%s become a frame for each field, none of them twice', async (container) => {
    const stream = await writeFieldPictures(at('fields.h264'), 200)
    const input = ['-fflags', '+genpts', '-r', '50', '-i', stream, '-c', 'copy']
    const source = await createClip(workbench.folder, `fields.${container}`, ...input)
    const { facts, playlistKey } = await transcode(workbench, source, { short: [64], chunks: 2 })
    expect(facts.video).toMatchObject({ interlaced: true, frameRate: { num: 50, den: 1 }, frameCount: 200 })
    const frames = await framesOf(`${playlistKey}/64p.m3u8`)
    expect(frames).toHaveLength(200)
    const still = frames.filter((frame, index) => index > 0 && difference(frame, frames[index - 1]) < 1)
    expect(still.length).toBeLessThan(3)
  })
})

it('12.5 frames a second stay 12.5', async () => {
  for (const container of ['mp4', 'avi']) {
    const source = await createClip(workbench.folder, `slow.${container}`, ...testVideo(4, { rate: '25/2' }), ...H264)
    const { facts, decodedVideo } = await transcode(workbench, source, { short: [90] })
    expect(facts.video).toMatchObject({ frameRate: { num: 25, den: 2 }, frameCount: 50, resample: false })
    expect(Number(decodedVideo[0]?.nb_read_frames)).toBe(50)
  }
})

describe('a size that changes in mid-stream', () => {
  it.each([
    ['narrower', '180x320', [0, 0.2], [0.4, 0.6]],
    ['lower', '320x90', [0.4, 0.6], [0.4, 0.6]],
  ])('gets bars when it becomes %s', async (name, size, [left = 0, right = 0]) => {
    const plain = (colour: string, of: string) => ['-f', 'lavfi', '-i', `color=${colour}:size=${of}:rate=25:duration=2`]
    const one = await createClip(workbench.folder, `${name}-1.ts`, ...plain('white', '320x180'), ...H264)
    const two = await createClip(workbench.folder, `${name}-2.ts`, ...plain('white', size), ...H264)
    const joined = ['-i', `concat:${one}|${two}`, '-c', 'copy', '-fflags', '+genpts']
    const source = await createClip(workbench.folder, `${name}.mkv`, ...joined)
    const { facts, playlistKey } = await transcode(workbench, source, { short: [180] })
    expect(facts.video).toMatchObject({ width: 320, height: 180 })
    const frames = await framesOf(`${playlistKey}/180p.m3u8`)
    const before = frames[10] ?? Buffer.alloc(0)
    const after = frames.at(-10) ?? Buffer.alloc(0)
    const sample = (frame: Buffer, x: number, y: number) => frame[Math.round(y * 179) * 320 + Math.round(x * 319)] ?? 0
    for (const [x, y] of [
      [0, 0],
      [0.5, 0.5],
      [1, 1],
    ] as const)
      expect(sample(before, x, y)).toBeGreaterThan(200)
    expect(sample(after, 0.5, 0.5)).toBeGreaterThan(200)
    const corner = left < right && name === 'narrower' ? [0.1, 0.5] : [0.5, 0.1]
    expect(sample(after, corner[0] ?? 0, corner[1] ?? 0)).toBeLessThan(40)
  })
})
