import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import { describe, expect, it, vi } from 'vitest'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { type Transcoded, transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)

/** Mean brightness of each frame of the smallest rendition. */
async function brightness({ playlistKey, rungs }: Transcoded): Promise<number[]> {
  const path = workbench.pathOf(`${playlistKey}/${rungs[0]?.name}.m3u8`)
  const graph = ['-vf', 'scale=1:1:flags=area', '-pix_fmt', 'gray', '-f', 'rawvideo', '-']
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-i', path, ...graph]
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer' })
  return [...stdout]
}

/** Loudness in windows of a tenth of a second, in dB below full scale; silence is -Infinity. */
async function loudness({ playlistKey }: Transcoded): Promise<number[]> {
  const path = workbench.pathOf(`${playlistKey}/sound.m3u8`)
  const args = ['-v', 'error', '-allowed_extensions', 'ALL', '-i', path, '-ac', '1', '-f', 'f32le', '-']
  const { stdout } = await run('ffmpeg', args, { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 })
  const samples = new Float32Array(stdout.buffer.slice(stdout.byteOffset, stdout.byteOffset + stdout.byteLength))
  return Array.from({ length: Math.floor(samples.length / 4800) }, (_, window) => {
    const part = samples.subarray(window * 4800, (window + 1) * 4800)
    return 10 * Math.log10(part.reduce((sum, sample) => sum + sample * sample, 0) / part.length)
  })
}

const GREY = ['-f', 'lavfi', '-i', 'color=gray:size=320x180:rate=25:duration=3']
const COVER = ['-f', 'lavfi', '-i', 'color=gray:size=400x400:rate=1:duration=1']
const PASS = ['-fps_mode', 'passthrough']

describe('the length of a video is that of its longest track', () => {
  it.each([
    ['mp4', H264],
    ['ts', ['-c:v', 'mpeg2video']],
  ])('holds the last frame while audio goes on, in .%s', async (type, codec) => {
    const source = await clip(`longer.${type}`, ...GREY, ...tone(12), ...codec, ...AAC)
    const made = await transcode(workbench, source, { chunks: 4 })
    const { frameCount, shown } = made.facts.video
    expect(Math.abs(frameCount - 300)).toBeLessThanOrEqual(2)
    expect(shown).toEqual({ from: 0, to: 75 })
    expect(Number(made.decodedVideo[0]?.nb_read_frames)).toBe(frameCount)
    expect((await brightness(made)).every((value) => value > 100)).toBe(true)
    const sound = await loudness(made)
    expect(Math.min(...sound.slice(1, 118))).toBeGreaterThan(-30)
    expect(made.warnings.map(({ code }) => code)).toEqual(['FRAMES_HELD'])
  })

  it('is that of the longest microphone in a file of several videos', async () => {
    const smaller = ['-f', 'lavfi', '-i', 'color=white:size=160x90:rate=25:duration=3']
    const all = ['-map', '0', '-map', '1', '-map', '2', '-map', '3', '-ac', '1']
    const inputs = [...GREY, ...smaller, ...tone(3), ...tone(12)]
    const source = await clip('microphones.mkv', ...inputs, ...all, ...H264, ...AAC)
    const { facts } = await transcode(workbench, source)
    expect(facts.audio?.mixedWith).toHaveLength(1)
    expect(Math.abs(facts.video.frameCount - 300)).toBeLessThanOrEqual(2)
  })

  it.each(['mkv', 'ts'])('is black until the first frame while audio has begun, in .%s', async (type) => {
    const late = ['-itsoffset', '2.5', ...GREY]
    const source = await clip(`earlier.${type}`, ...tone(5), ...late, ...PASS, ...H264, ...AAC)
    const made = await transcode(workbench, source, { chunks: 3 })
    expect(Math.abs(made.facts.video.frameCount - 138)).toBeLessThanOrEqual(2)
    const { from = 0 } = made.facts.video.shown ?? {}
    expect(Math.abs(from - 63)).toBeLessThanOrEqual(2)
    const bright = await brightness(made)
    expect(bright.findIndex((value) => value > 60)).toBe(from)
    expect(Math.max(...bright.slice(0, from))).toBeLessThan(30)
    const sound = await loudness(made)
    expect(Math.min(...sound.slice(1, 49))).toBeGreaterThan(-30)
  })

  it.each([
    ['in a film of one frame', 'still.mp4', H264],
    ['of a Matroska file', 'still.mkv', ['-c:v', 'png']],
  ])('shows the picture %s while its audio plays', async (_, name, codec) => {
    const inputs = [...tone(20), ...COVER, '-map', '0:a', '-map', '1:v', '-frames:v', '1']
    const made = await transcode(workbench, await clip(name, ...inputs, ...codec, ...AAC), { chunks: 3 })
    expect(Math.abs(made.facts.video.frameCount - 500)).toBeLessThanOrEqual(2)
    expect(Number(made.decodedVideo[0]?.nb_read_frames)).toBe(made.facts.video.frameCount)
    expect((await brightness(made)).every((value) => value > 100)).toBe(true)
    const sourceKey = made.playlistKey.replace('videos', 'sources')
    await workbench.run({ kind: 'poster', sourceKey, facts: made.facts })
  })

  it('stays as it is where the audio ends a little later, so that the file can be remuxed', async () => {
    const source = await clip('plain.mp4', ...testVideo(3), ...tone(3.09), ...H264, ...AAC)
    const { facts, warnings } = await workbench.probe(source)
    expect(facts.video).toMatchObject({ frameCount: 75, startTime: 0 })
    expect(facts.video.shown).toBeUndefined()
    expect(warnings).toEqual([])
  })

  it('leaves out audio that is far from all frames, and says so', async () => {
    const source = await clip('far.mkv', ...testVideo(2), '-itsoffset', '500', ...tone(2), ...H264, ...AAC)
    const { facts, warnings } = await workbench.probe(source)
    expect(facts.video.frameCount).toBe(50)
    expect(warnings.map(({ code }) => code)).toEqual(['AUDIO_CUT'])
  })
})
