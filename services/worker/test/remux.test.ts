import { execFile } from 'node:child_process'
import { readFile, writeFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import { segmentGrid } from '@kinora/common/contracts'
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

async function planned(path: string): Promise<{ plan: Plan; work: WorkOf<'video'> }> {
  const found = await planFor(workbench, path, [180])
  const { gopFrames, segmentFrames } = segmentGrid(found.facts.video.frameRate)
  const plan = { ...found, gopFrames, segments: Math.ceil(found.facts.video.frameCount / gopFrames) }
  return { plan, work: { ...videoWork(plan, 0, plan.segments), segmentFrames, copied: true } }
}

/** A hash of each decoded frame. */
async function decoded(path: string): Promise<string[]> {
  const extensions = path.endsWith('.m3u8') ? ['-allowed_extensions', 'ALL'] : []
  const args = ['-v', 'error', ...extensions, '-i', path, '-map', '0:v:0', '-f', 'framehash', '-hash', 'md5', '-']
  const { stdout } = await run('ffmpeg', args, { maxBuffer: 16 * 1024 * 1024 })
  return stdout.match(/[0-9a-f]{32}$/gm) ?? []
}

describe('a source that fits', () => {
  it.each([
    ['of 30 frames a second, with B-frames', 'bframes.mp4', '30', [...B_FRAMES, ...regular(60)]],
    ['of 25 frames a second', 'plain.mp4', '25', [...H264, ...regular(50)]],
    ['of 29.97 frames a second, in QuickTime', 'ntsc.mov', '30000/1001', [...B_FRAMES, ...regular(60)]],
    ['with its colour named', 'colour.mp4', '25', [...H264, ...regular(50), '-colorspace', 'bt709']],
    [
      'with more key frames than it needs, one just before a cut',
      'keys.mp4',
      '25',
      [...B_FRAMES, '-sc_threshold', '0', '-force_key_frames', 'expr:eq(mod(n,50),0)+eq(mod(n,50),49)+eq(n,70)'],
    ],
  ])('%s becomes right HLS of the very same frames', async (_, name, rate, args) => {
    const source = await clip(name, rate, ...args)
    const { plan, work } = await planned(source)
    expect(plan.facts.video.copyable).toEqual({ peakBitrate: expect.any(Number) })
    const written = vi.fn()
    const part = await workbench.run(work, { outputKey: `${plan.folder}/copy`, written })
    expect(written).not.toHaveBeenCalled()
    const [rendition] = part.renditions
    expect(rendition?.segments.map(({ keyFrames }) => keyFrames?.length)).toEqual([3, 1])
    const peak = plan.facts.video.copyable?.peakBitrate ?? 0
    for (const { bytes, frames } of rendition?.segments ?? []) {
      expect(bytes * 8).toBeLessThan((peak * Math.max(frames, work.segmentFrames / 2) * 6.1) / work.segmentFrames)
    }

    const { decodedVideo } = await checkWhole(workbench, plan, [{ folder: 'copy', part }])
    expect(Number(decodedVideo[0]?.nb_read_frames)).toBe(plan.facts.video.frameCount)
    // Video without a declared colour gets the label of encoded renditions.
    expect(decodedVideo[0]?.color_space).toBe(name === 'colour.mp4' ? 'bt709' : 'smpte170m')
    const [before, after] = await Promise.all([decoded(source), decoded(workbench.pathOf(`${plan.folder}/180p.m3u8`))])
    expect(before).toHaveLength(plan.facts.video.frameCount)
    expect(after).toEqual(before)
  })
})

it('a last group of less than half a second is part of the segment before, in a remux and in an encode', async () => {
  const input = [...testVideo(6.2), ...tone(6.2), '-pix_fmt', 'yuv420p', ...H264, ...regular(50), ...AAC]
  const { plan, work } = await planned(await createClip(workbench.folder, 'tail.mp4', ...input))
  expect(plan.facts.video.copyable).toBeDefined()
  for (const copied of [true, undefined]) {
    const folder = copied ? 'copy' : 'encode'
    const part = await workbench.run({ ...work, copied }, { outputKey: `${plan.folder}/${folder}` })
    expect(part.renditions[0]?.segments.map(({ frames, keyFrames }) => [frames, keyFrames?.length])).toEqual([[155, 4]])
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
    ['whose key frames are where the encoder liked', 'usual.mp4', ['-preset', 'veryfast', '-c:v', 'libx264']],
    ['whose groups are open', 'open.mp4', [...B_FRAMES, ...regular(50), '-x264-params', 'open-gop=1']],
    ['in a container without such an index', 'other.mkv', [...H264, ...regular(50)]],
    ['in fragments', 'fragments.mp4', [...H264, ...regular(50), '-movflags', '+frag_keyframe+empty_moov']],
    ['of interlaced frames', 'fields.mp4', [...B_FRAMES, ...regular(50), '-flags', '+ildct+ilme']],
    ['of full range', 'range.mp4', [...H264, ...regular(50), '-pix_fmt', 'yuvj420p']],
    ['of another codec', 'mpeg4.mp4', ['-c:v', 'mpeg4', '-g', '50']],
  ])('%s', async (_, name, args) => {
    const { facts } = await workbench.probe(await clip(name, '25', ...args))
    expect(facts.video.copyable).toBeUndefined()
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
    expect(encode.renditions[0]?.segments).toHaveLength(2)
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
