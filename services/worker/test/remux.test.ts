import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { type SourceFacts, segmentGrid } from '@kinora/common/contracts'
import { describe, expect, it, vi } from 'vitest'
import { changeBox, SAMPLE_TABLE, u32 } from '../../../packages/formats/test/support/boxes.ts'
import type { WorkOf } from '../src/domain/task-work.ts'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { checkWhole, type Plan, planFor, videoWork } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real files, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()

const regular = (gop: number) => ['-g', String(gop), '-keyint_min', String(gop), '-sc_threshold', '0']
const B_FRAMES = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3']

/** A video of one segment and one second, in the formats of renditions. */
function clip(name: string, rate: string, ...args: string[]): Promise<string> {
  return createClip(workbench.folder, name, ...testVideo(7, { rate }), '-pix_fmt', 'yuv420p', ...args)
}

/** The source is remuxed as the first rung, and encoded as the others. */
async function planned(path: string, sides = [180]): Promise<{ plan: Plan; work: WorkOf<'video'> }> {
  const { sourceCuts: cuts = [], ...found } = await planFor(workbench, path, sides)
  const { gopFrames } = segmentGrid(found.facts.video.frameRate)
  const plan = { ...found, gopFrames, cuts, segments: cuts.length }
  return { plan, work: { ...videoWork(plan, 0, plan.segments, plan.rungs.slice(0, 1)), copied: true } }
}

/** A hash of each decoded frame. */
async function decoded(path: string): Promise<string[]> {
  const extensions = path.endsWith('.m3u8') ? ['-allowed_extensions', 'ALL'] : []
  const args = ['-v', 'error', ...extensions, '-i', path, '-map', '0:v:0', '-f', 'framehash', '-hash', 'md5', '-']
  const { stdout } = await run('ffmpeg', args, { maxBuffer: 16 * 1024 * 1024 })
  return stdout.match(/[0-9a-f]{32}$/gm) ?? []
}

interface Fitting {
  file: string
  rate?: string
  args: string[]
  cuts: number[]
}

const FITTING: [string, Fitting][] = [
  [
    'of 30 frames a second, with B-frames and a key frame every two seconds',
    { file: 'bframes.mp4', rate: '30', args: [...B_FRAMES, ...regular(60)], cuts: [0, 60, 120, 180] },
  ],
  [
    'of 29.97 frames a second, in QuickTime, its key frames where the encoder liked',
    { file: 'usual.mov', rate: '30000/1001', args: ['-c:v', 'libx264', '-preset', 'veryfast'], cuts: [0] },
  ],
  [
    'with its colour named, and key frames at changes of scene, one just before a cut',
    {
      file: 'scenes.mp4',
      args: [
        ...[...B_FRAMES, '-sc_threshold', '0', '-colorspace', 'bt709'],
        ...['-force_key_frames', `expr:${[0, 40, 41, 70, 110, 160].map((frame) => `eq(n,${frame})`).join('+')}`],
      ],
      cuts: [0, 41, 110, 160],
    },
  ],
  [
    'in Matroska, as OBS writes it',
    { file: 'obs.mkv', rate: '30', args: [...B_FRAMES, '-g', '75'], cuts: [0, 75, 150] },
  ],
  [
    'in FLV, of 60 frames a second',
    { file: 'stream.flv', rate: '60', args: [...H264, '-g', '120'], cuts: [0, 120, 240, 360] },
  ],
  [
    'in fragments',
    {
      file: 'fragments.mp4',
      args: [...B_FRAMES, ...regular(50), '-movflags', '+frag_keyframe+empty_moov'],
      cuts: [0, 50, 100, 150],
    },
  ],
  [
    'whose times waver by some milliseconds, as those of phones do',
    {
      file: 'phone.mp4',
      rate: '30',
      args: [
        ...H264,
        '-g',
        '30',
        '-vf',
        'settb=1/90000,setpts=PTS+150*mod(N\\,3)',
        '-fps_mode',
        'passthrough',
        '-enc_time_base',
        '1/90000',
      ],
      cuts: [0, 60, 120, 180],
    },
  ],
]

describe('a source that fits', () => {
  it.each(FITTING)('%s becomes right HLS of the very same frames', async (_, { file, rate = '25', args, cuts }) => {
    const source = await clip(file, rate, ...args)
    const { plan, work } = await planned(source, [180, 90])
    expect(plan.facts.video.copyable).toEqual({ peakBitrate: expect.any(Number) })
    expect(plan.cuts).toEqual(cuts)
    const written = vi.fn()
    const part = await workbench.run(work, { outputKey: `${plan.folder}/copy`, written })
    expect(written).not.toHaveBeenCalled()
    const peak = plan.facts.video.copyable?.peakBitrate ?? 0
    const least = segmentGrid(plan.facts.video.frameRate).segmentFrames / 2
    for (const { bytes, frames } of part.renditions[0]?.segments ?? []) {
      expect(bytes * 8 * rateOf(plan.facts)).toBeLessThan(peak * Math.max(frames, least) * 1.02)
    }
    // The smaller rendition is encoded with the same cuts, of one source in two chunks.
    const half = file === 'scenes.mp4' ? Math.ceil(plan.segments / 2) : plan.segments
    const smaller = plan.rungs.slice(1)
    const encoded = [
      videoWork(plan, 0, half, smaller),
      ...(half < plan.segments ? [videoWork(plan, half, plan.segments, smaller)] : []),
    ]
    const parts = [{ folder: 'copy', part }]
    for (const [index, chunk] of encoded.entries()) {
      parts.push({
        folder: `chunk-${index}`,
        part: await workbench.run(chunk, { outputKey: `${plan.folder}/chunk-${index}` }),
      })
    }

    const { decodedVideo } = await checkWhole(workbench, plan, parts)
    const frames = String(plan.facts.video.frameCount)
    expect(decodedVideo.map(({ nb_read_frames }) => nb_read_frames)).toEqual([frames, frames])
    // Video without a declared colour gets the label of encoded renditions.
    expect(decodedVideo[0]?.color_space).toBe(file === 'scenes.mp4' ? 'bt709' : 'smpte170m')
    const [before, after] = await Promise.all([decoded(source), decoded(workbench.pathOf(`${plan.folder}/180p.m3u8`))])
    expect(before).toHaveLength(plan.facts.video.frameCount)
    expect(after).toEqual(before)
  })
})

it('an HEVC source becomes right segments of the very same frames, named as Apple’s players need it', async () => {
  const params = 'log-level=error:keyint=50:min-keyint=50:scenecut=0:open-gop=0'
  const encode = ['-c:v', 'libx265', '-preset', 'ultrafast', '-x265-params', params]
  // `hev1` is what ffmpeg writes by itself.
  const source = await clip('phone-hevc.mp4', '25', ...encode, '-pix_fmt', 'yuv420p10le')
  const { plan, work } = await planned(source)
  expect(plan.facts.video).toMatchObject({ codec: 'hevc', copyableHevc: { peakBitrate: expect.any(Number) } })
  expect(plan.facts.video.copyable).toBeUndefined()
  expect(plan.cuts).toEqual([0, 50, 100, 150])
  const part = await workbench.run(work, { outputKey: `${plan.folder}/copy` })
  expect(part.renditions[0]?.codecs).toMatch(/^hvc1\.2\.4\.L\d+(\.[0-9A-F]+)*$/)
  await checkWhole(workbench, plan, [{ folder: 'copy', part }])
  const after = await decoded(workbench.pathOf(`${plan.folder}/180p.m3u8`))
  expect(after).toHaveLength(175)
  expect(after).toEqual(await decoded(source))
})

function rateOf({ video }: SourceFacts): number {
  return video.frameRate.num / video.frameRate.den
}

it('a last group of less than half a second is part of the segment before, in a remux and in an encode', async () => {
  const input = [...testVideo(6.2), ...tone(6.2), '-pix_fmt', 'yuv420p', ...H264, ...regular(50), ...AAC]
  const { plan, work } = await planned(await createClip(workbench.folder, 'tail.mp4', ...input))
  expect(plan.facts.video.copyable).toBeDefined()
  for (const copied of [true, undefined]) {
    const folder = copied ? 'copy' : 'encode'
    const part = await workbench.run({ ...work, copied }, { outputKey: `${plan.folder}/${folder}` })
    expect(part.renditions[0]?.segments.map(({ frames, keyFrames }) => [frames, keyFrames?.length])).toEqual([
      [50, 1],
      [50, 1],
      // The source has a key frame there, an encode needs none.
      [55, copied ? 2 : 1],
    ])
    const audio = {
      kind: 'audio',
      sourceKey: plan.sourceKey,
      facts: plan.facts,
      segmentSeconds: 6,
      firstSegment: 0,
    } as const
    const sound = await workbench.run(audio, { outputKey: `${plan.folder}/sound-${folder}` })
    expect(sound.segments).toHaveLength(1)
    const written = [
      { folder, part },
      { folder: `sound-${folder}`, part: sound },
    ]
    const { decodedVideo } = await checkWhole(workbench, plan, written)
    expect(Number(decodedVideo[0]?.nb_read_frames)).toBe(155)
  }
})

describe('a source is encoded', () => {
  it.each([
    ['whose groups are open', 'open.mp4', [...B_FRAMES, ...regular(50), '-x264-params', 'open-gop=1']],
    ['in a stream without such headers', 'other.ts', [...H264, ...regular(50)]],
    ['of interlaced frames', 'fields.mp4', [...B_FRAMES, ...regular(50), '-flags', '+ildct+ilme']],
    ['of full range', 'range.mp4', [...H264, ...regular(50), '-pix_fmt', 'yuvj420p']],
    ['of another codec', 'mpeg4.mp4', ['-c:v', 'mpeg4', '-g', '50']],
    [
      'of HEVC whose groups are open',
      'open-hevc.mp4',
      ['-c:v', 'libx265', '-preset', 'ultrafast', '-bf', '3', '-x265-params', 'log-level=error:keyint=50:open-gop=1'],
    ],
  ])('%s', async (_, name, args) => {
    const { facts } = await workbench.probe(await clip(name, '25', ...args))
    expect(facts.video.copyable).toBeUndefined()
    expect(facts.video.copyableHevc).toBeUndefined()
  })
})

describe('a source that is not what it says', () => {
  async function refused(path: string): Promise<void> {
    const { plan, work } = await planned(path)
    expect(plan.facts.video.copyable).toBeDefined()
    const copy = workbench.run(work, { outputKey: `${plan.folder}/copy` })
    await expect(copy).rejects.toMatchObject({ taskCause: { class: 'input', code: 'COPY_UNFIT' } })
    // Such a source can still be encoded.
    const encode = await workbench.run({ ...work, copied: undefined }, { outputKey: `${plan.folder}/encode` })
    expect(encode.renditions[0]?.segments).toHaveLength(plan.segments)
  }

  it('is refused when a key frame of its index is not one', async () => {
    const source = await clip('lie.mp4', '25', ...H264)
    const lie = changeBox(await readFile(source), [...SAMPLE_TABLE, 'stss'], () => u32(0, 4, 1, 51, 101, 151))
    await writeFile(source, lie)
    await refused(source)
  })

  it('is refused when parameter sets are among its frames', async () => {
    await refused(await clip('headers.mp4', '25', ...H264, ...regular(50), '-x264-params', 'repeat-headers=1'))
  })
})
