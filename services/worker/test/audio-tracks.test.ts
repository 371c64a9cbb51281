import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { createClip, H264, testVideo } from './support/clips.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)

const sine = (hertz: number, seconds: number) => ['-f', 'lavfi', '-i', `sine=${hertz}:d=${seconds}:r=48000`]
const maps = (count: number) => Array.from({ length: count }, (_, index) => ['-map', String(index)]).flat()

/** The loudest frequency of a rendition, in hertz, by zero crossings. */
async function pitchOf(folder: string): Promise<number> {
  const key = (name: string) => workbench.pathOf(`${folder}/${name}`)
  const segments = [0, 1, 2].map((number) => key(`${number}.m4s`))
  const input = `concat:${[key('init.mp4'), ...segments].join('|')}`
  const args = ['-v', 'error', '-i', input, '-ac', '1', '-f', 'f32le', '-']
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength))
  const middle = samples.subarray(48_000, 96_000)
  const rises = middle.filter((sample, at) => at > 0 && sample >= 0 && (middle[at - 1] ?? 0) < 0)
  return rises.length
}

describe('a file with several audio tracks', () => {
  it.each(['mkv', 'mp4', 'ts'])('keeps all of them, in .%s: the default one first', async (type) => {
    const languages = ['eng', 'ger', 'fre'].flatMap((language, at) => [`-metadata:s:a:${at}`, `language=${language}`])
    const source = await clip(
      `three.${type}`,
      ...[...testVideo(3), ...sine(300, 3), ...sine(500, 3), ...sine(700, 3), ...maps(4), ...languages],
      ...['-disposition:a:0', '0', '-disposition:a:1', 'default', '-disposition:a:2', 'visual_impaired'],
      ...[...H264, '-c:a:0', 'aac', '-c:a:1', type === 'mkv' ? 'flac' : 'ac3', '-c:a:2', 'eac3'],
    )
    const { facts, sourceKey, warnings } = await workbench.probe(source)
    expect(warnings).toEqual([])
    // MPEG-TS has no flag for a default.
    const first = type === 'ts' ? 1 : 2
    expect(facts.audio).toMatchObject({ streamIndex: first, language: type === 'ts' ? 'eng' : 'ger' })
    expect(facts.otherAudio?.map(({ streamIndex }) => streamIndex)).toEqual([1, 2, 3].filter((one) => one !== first))
    expect(facts.otherAudio?.[1]).toMatchObject({ language: 'fre', codec: 'eac3', audioDescription: true })
    expect(facts.video.shown).toBeUndefined()

    const segments = { kind: 'audio', sourceKey, facts, segmentSeconds: 1, firstSegment: 0 } as const
    const last = { track: '3', streamIndex: 3 }
    const made = await workbench.run({ ...segments, ...last }, { outputKey: `${type}/three` })
    expect(made).toMatchObject({ track: '3', codecs: 'mp4a.40.2' })
    expect(Math.abs((await pitchOf(`${type}/three`)) - 700)).toBeLessThan(5)
    const begun = await workbench.run(segments, { outputKey: `${type}/first` })
    expect(begun).not.toHaveProperty('track')
    expect(Math.abs((await pitchOf(`${type}/first`)) - (type === 'ts' ? 300 : 500))).toBeLessThan(5)
  })

  it('has the length of the longest of them', async () => {
    const source = await clip('long.mkv', ...testVideo(2), ...sine(300, 2), ...sine(500, 4), ...maps(3), ...H264)
    const { facts, warnings } = await workbench.probe(source)
    expect(facts.durationSeconds).toBeCloseTo(4, 1)
    expect(warnings.map(({ code }) => code)).toEqual(['FRAMES_HELD'])
  })

  it('loses only those that cannot be decoded, and those above the limit', async () => {
    const codecs = ['-c:a', 'aac', '-c:a:1', 'tta']
    const inputs = Array.from({ length: 18 }, () => ['-map', '1']).flat()
    const args = [...testVideo(1), ...sine(300, 1), '-map', '0', ...inputs, ...H264, ...codecs]
    const { facts, warnings } = await workbench.probe(await clip('many.mkv', ...args))
    expect(facts.audio?.streamIndex).toBe(1)
    expect(facts.otherAudio?.map(({ streamIndex }) => streamIndex)).toEqual(
      Array.from({ length: 15 }, (_, at) => at + 3),
    )
    expect(warnings.map(({ detail }) => detail)).toEqual([
      'Audio track 3 (tta) is not part of the video: its codec is not supported.',
      'Audio track 19 (aac) is not part of the video: a video has at most 16 audio tracks.',
    ])
  })
})
