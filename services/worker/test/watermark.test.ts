import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Overlay } from '@kinora/common/contracts'
import sharp, { type Color } from 'sharp'
import { describe, expect, it, vi } from 'vitest'
import { createClip, H264, testVideo } from './support/clips.ts'
import { checkWhole, type Plan, planFor, videoWork, type Written } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const source = await createClip(workbench.folder, 'source.mp4', ...testVideo(3), ...H264)

async function overlay(background: Color, place: Omit<Overlay, 'pictureKey'>): Promise<Overlay> {
  const pictureKey = `videos/test/watermark-${String(background)}.png`
  const create = { width: 200, height: 100, channels: 4, background } as const
  await workbench.store.put(pictureKey, await sharp({ create }).png().toBuffer())
  return { pictureKey, ...place }
}

/** Encodes as media plans it: the first segment of the smallest rendition alone, then everything else in two chunks. */
async function encode(plan: Plan, watermark?: Overlay): Promise<Plan> {
  const [smallest] = plan.rungs
  if (!smallest) throw new Error('there is a rendition')
  const works = [videoWork(plan, 0, 1, [smallest]), videoWork(plan, 0, 2, plan.rungs, 1), videoWork(plan, 2, 3)]
  const written: Written[] = []
  for (const [index, work] of works.entries()) {
    const marked = { ...work, ...(watermark && { watermark }) }
    const part = await workbench.run(marked, { outputKey: `${plan.folder}/chunk-${index}` })
    written.push({ folder: `chunk-${index}`, part })
  }
  await checkWhole(workbench, plan, written)
  return plan
}

interface Box {
  width: number
  height: number
  left: number
  top: number
}

/** The means of red, green and blue in a rectangle, for every frame of a rendition. */
async function means(plan: Plan, rung: string, { width, height, left, top }: Box): Promise<number[]> {
  const { stdout } = await promisify(execFile)(
    'ffmpeg',
    [
      ...['-v', 'error', '-allowed_extensions', 'ALL', '-i', workbench.pathOf(`${plan.folder}/${rung}.m3u8`)],
      ...['-vf', `crop=${width}:${height}:${left}:${top},scale=1:1:flags=area`],
      ...['-f', 'rawvideo', '-pix_fmt', 'rgb24', '-'],
    ],
    { encoding: 'buffer' },
  )
  return [...stdout]
}

describe('a watermark', () => {
  it('lies at its place in every frame of every rendition, over what is shown there, and nowhere else', async () => {
    const white = await overlay('white', { position: 'top-right', opacity: 0.5, width: 25 })
    const plain = await encode(await planFor(workbench, source, [90, 144]))
    const marked = await encode(await planFor(workbench, source, [90, 144]), white)
    // 40 × 20 pixels of 160 × 90, and 64 × 32 of 256 × 144; without their edges, which an encoder blurs.
    const inside = {
      '90p': { left: 122, top: 6, width: 32, height: 12 },
      '144p': { left: 194, top: 10, width: 52, height: 20 },
    }
    const beside = {
      '90p': { left: 98, top: 6, width: 14, height: 12 },
      '144p': { left: 164, top: 10, width: 18, height: 20 },
    }
    for (const rung of ['90p', '144p'] as const) {
      const before = await means(plain, rung, inside[rung])
      const after = await means(marked, rung, inside[rung])
      expect(after).toHaveLength(75 * 3)
      // Includes the usual difference between two encodes.
      const off = after.map((level, index) => Math.abs(level - (255 + (before[index] ?? 0)) / 2))
      expect(Math.max(...off), rung).toBeLessThan(12)
      const untouched = await means(plain, rung, beside[rung])
      const same = (await means(marked, rung, beside[rung])).map((level, index) =>
        Math.abs(level - (untouched[index] ?? 0)),
      )
      expect(Math.max(...same), rung).toBeLessThan(12)
    }
  })

  it('keeps its colour, in the video and on the poster, and the video its times', async () => {
    const red = await overlay('red', { position: 'center', opacity: 1, width: 50 })
    const ntsc = await createClip(workbench.folder, 'ntsc.mkv', ...testVideo(2.6, { rate: '30000/1001' }), ...H264)
    const plan = await planFor(workbench, ntsc, [90, 144])
    await encode(plan, red)
    const { sourceKey, facts } = plan
    const { posterKey } = await workbench.run(
      { kind: 'poster', sourceKey, facts, watermark: red },
      { outputKey: plan.folder },
    )
    const middle = { left: 150, top: 80, width: 20, height: 20 }
    const poster = await sharp(workbench.pathOf(posterKey)).extract(middle).resize(1, 1).raw().toBuffer()
    const found = [await means(plan, '144p', { left: 118, top: 62, width: 20, height: 20 }), [...poster]]
    for (const [r = 0, g = 0, b = 0] of found) {
      expect(r).toBeGreaterThan(225)
      expect(Math.max(g, b)).toBeLessThan(30)
    }
  })
})
