import sharp from 'sharp'
import { describe, expect, it, vi } from 'vitest'
import { SHOWABLE, stillQuality } from '../src/domain/still-quality.ts'
import { createClip, H264 } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const COLOURS = ['red', 'lime', 'blue', 'white'] as const
type Colour = (typeof COLOURS)[number] | 'black'

const workbench = await openWorkbench()
const source = await createClip(
  workbench.folder,
  'colours.mp4',
  ...COLOURS.flatMap((colour) => ['-f', 'lavfi', '-i', `color=${colour}:size=320x180:rate=25:duration=1`]),
  '-filter_complex',
  `concat=n=${COLOURS.length}`,
  ...H264,
)
/** Published in segments of a second, each with its own colour. */
const whole = await transcode(workbench, source, { chunks: 2, short: [90] })

/** The colour in the middle of a rectangle. */
async function colourAt(key: string, box: { left: number; top: number; width: number; height: number }) {
  const middle = { left: box.left + box.width / 2, top: box.top + box.height / 2, width: 1, height: 1 }
  const [red = 0, green = 0, blue = 0] = await sharp(workbench.pathOf(key)).extract(middle).raw().toBuffer()
  const names: Record<string, Colour> = { '100': 'red', '010': 'lime', '001': 'blue', '111': 'white', '000': 'black' }
  return names[[red, green, blue].map((part) => (part > 127 ? 1 : 0)).join('')]
}

describe('a storyboard', () => {
  const renditionKey = `${whole.playlistKey}/90p.m3u8`
  const size = { width: 80, height: 44 }
  const draw = async (outputKey: string, interval: number, count: number) => {
    const grid = { interval, count, columns: 2, rows: 2, ...size }
    await workbench.run({ kind: 'storyboard', renditionKey, grid }, { outputKey })
    const places = [0, 1, 2, 3].map((n) => ({ left: (n % 2) * 80, top: n < 2 ? 0 : 44, ...size }))
    return await Promise.all(places.map((place) => colourAt(`${outputKey}/sprite-0.jpg`, place)))
  }

  it('shows each time what the video shows then', async () => {
    expect(await draw('videos/each', 1, 4)).toEqual(['red', 'lime', 'blue', 'white'])
  })

  it('of a long video is made of some of its segments, and black where the sprite is not full', async () => {
    expect(await draw('videos/some', 2, 2)).toEqual(['red', 'blue', 'black', 'black'])
    expect(await draw('videos/uneven', 3, 2)).toEqual(['red', 'white', 'black', 'black'])
  })

  it('that spans several sprites has them all', async () => {
    const grid = { interval: 1, count: 4, columns: 3, rows: 1, ...size }
    await workbench.run({ kind: 'storyboard', renditionKey, grid }, { outputKey: 'videos/two' })
    expect(await colourAt('videos/two/sprite-1.jpg', { left: 0, top: 0, ...size })).toBe('white')
  })
})

describe('a still', () => {
  /** Every frame is grey, four levels lighter than the one before; with B-frames, and at a rate that is no whole number. */
  const grey = [
    '-f',
    'lavfi',
    '-i',
    "color=black:size=160x90:rate=30000/1001:duration=1.8,geq=lum='16+4*N':cb=128:cr=128",
  ]
  const frameRate = { num: 30_000, den: 1001 }
  const size = { width: 160, height: 90 }

  it('is exactly the frame that was asked for', async () => {
    const path = await createClip(workbench.folder, 'grey.mp4', ...grey, ...H264, '-crf', '1', '-bf', '2')
    const { playlistKey, facts } = await transcode(workbench, path, { chunks: 2, short: [90] })
    expect(facts.video.frameRate).toEqual(frameRate)
    const renditionKey = `${playlistKey}/90p.m3u8`
    const levels = async (frame: number) => {
      const work = { kind: 'still', renditionKey, frameRate, frame, size, width: 80, format: 'jpg' } as const
      await workbench.run(work, { outputKey: `videos/still-${frame}` })
      const file = sharp(workbench.pathOf(`videos/still-${frame}/still.jpg`))
      expect(await file.metadata()).toMatchObject({ width: 80, height: 45, format: 'jpeg' })
      const { channels } = await file.stats()
      return channels.map(({ mean }) => mean)
    }
    // The first and the last frame, and those around the beginning of a segment.
    const last = facts.video.frameCount - 1
    for (const frame of [0, 29, 30, last]) {
      const expected = ((16 + 4 * frame - 16) * 255) / 219
      for (const level of await levels(frame)) expect(Math.abs(level - expected)).toBeLessThan(2.3)
    }
    await expect(levels(last + 1)).rejects.toMatchObject({ taskCause: { class: 'host' } })
  })

  it('has the colours of the video, in each format', async () => {
    const renditionKey = `${whole.playlistKey}/90p.m3u8`
    const at = async (frame: number, format: 'jpg' | 'webp' | 'avif') => {
      const rate = { num: 25, den: 1 }
      const work = { kind: 'still', renditionKey, frameRate: rate, frame, size, width: 160, format } as const
      const { bytes } = await workbench.run(work, { outputKey: `videos/colour-${frame}` })
      const key = `videos/colour-${frame}/still.${format}`
      expect((await workbench.store.stat(key))?.bytes).toBe(bytes)
      return await colourAt(key, { left: 0, top: 0, ...size })
    }
    expect([await at(24, 'webp'), await at(25, 'avif'), await at(50, 'jpg')]).toEqual(['red', 'lime', 'blue'])
  })
})

describe('a poster', () => {
  const at = async (time: number) => {
    const { sourceKey, facts } = await workbench.probe(source)
    const work = { kind: 'poster', sourceKey, facts, time } as const
    const { posterKey } = await workbench.run(work, { outputKey: `videos/at-${time}` })
    return await colourAt(posterKey, { left: 0, top: 0, width: 320, height: 180 })
  }

  it('is of the frame at the time that was asked for', async () => {
    expect(await at(0)).toBe('red')
    expect(await at(1.96)).toBe('lime')
    expect(await at(2)).toBe('blue')
    expect(await at(3.96)).toBe('white')
  })

  const quality = async (name: string, ...input: string[]) => {
    const { sourceKey, facts } = await workbench.probe(
      await createClip(workbench.folder, `${name}.mp4`, ...input, ...H264),
    )
    const work = { kind: 'poster', sourceKey, facts } as const
    const { posterKey } = await workbench.run(work, { outputKey: `videos/${name}` })
    const { data, info } = await sharp(workbench.pathOf(posterKey)).raw().toBuffer({ resolveWithObject: true })
    return stillQuality(data, info.width)
  }
  const picture = (seconds: number) => ['-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${seconds}`]
  const plain = (colour: string, seconds: number) => [
    ...['-f', 'lavfi', '-i', `color=${colour}:size=320x180:rate=25:duration=${seconds}`],
  ]
  const joined = ['-filter_complex', 'concat=n=2']

  it.each<[string, string[]]>([
    ['fades in, with a key frame each ten seconds', [...picture(12), '-vf', 'fade=in:0:50', '-g', '250']],
    [
      'has a single key frame, and is white for most of it',
      [...plain('white', 7), ...picture(3), ...joined, '-g', '999'],
    ],
    ['is black for its first half', [...plain('black', 40), ...picture(30), ...joined, '-g', '50']],
    ['is of one colour for its first half', [...plain('0x6080a0', 24), ...picture(16), ...joined, '-g', '50']],
    ['ends in black', [...picture(2), ...plain('black', 10), ...joined, '-g', '999']],
  ])('of a film that %s shows a frame of it', async (name, input) => {
    expect(await quality(name.replaceAll(/\W+/g, '-'), ...input)).toBeGreaterThan(SHOWABLE)
  })

  it('of a film that is all black is black', async () => {
    expect(await quality('black', ...plain('black', 25))).toBe(0)
  })
})
