import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)
const FRAGMENTS = ['-movflags', 'frag_keyframe+empty_moov']

/** A copy of a file with other bytes. */
async function changed(path: string, change: (bytes: Buffer) => void): Promise<string> {
  const bytes = await readFile(path)
  change(bytes)
  const copy = `${path}-changed`
  await writeFile(copy, bytes)
  return copy
}

describe('limits are judged by what is found', () => {
  it('not by a frame of a millisecond that Matroska claims', async () => {
    const source = await changed(await clip('a.mkv', ...testVideo(2), ...H264), (bytes) => {
      // DefaultDuration, in nanoseconds.
      const at = bytes.indexOf(Buffer.from('23e383', 'hex')) + 3
      bytes.writeUIntBE(1_000_000, at + 1, (bytes[at] ?? 0) & 0x7f)
    })
    const { facts } = await workbench.probe(source)
    expect(facts.video).toMatchObject({
      frameRate: { num: 25, den: 1 },
      frameCount: 50,
      sourceRate: { num: 25, den: 1 },
    })
  })

  it('not by a million frames a second that FLV claims', async () => {
    const source = await changed(await clip('a.flv', ...testVideo(2), '-c:v', 'flv'), (bytes) => {
      bytes.writeDoubleBE(1e6, bytes.indexOf('framerate') + 'framerate'.length + 1)
    })
    expect((await workbench.probe(source)).facts.video).toMatchObject({
      frameRate: { num: 25, den: 1 },
      frameCount: 50,
    })
  })

  it.each([
    ['in fragments', FRAGMENTS],
    ['in one piece', []],
  ])('not by an unknown duration of an MP4 %s', async (name, args) => {
    const plain = await clip(`${name}.mp4`, ...testVideo(2), ...tone(2), ...H264, ...AAC, ...args)
    const source = await changed(plain, (bytes) => {
      // Version, flags, two times and the timescale are before it.
      for (const box of ['mvhd', 'mdhd']) bytes.writeUInt32BE(0xffffffff, bytes.indexOf(box) + 20)
    })
    expect((await workbench.probe(source)).facts.video.frameCount).toBe(50)
  })

  it('but frames that are really too many are refused', async () => {
    const fast = ['-bsf:v', 'setts=ts=N:duration=1:time_base=1/2000', '-video_track_timescale', '2000']
    const source = await clip('fast.mp4', ...testVideo(2), ...H264, '-bf', '0', ...fast)
    await expect(workbench.probe(source)).rejects.toMatchObject({ taskCause: { code: 'SOURCE_OVER_LIMIT' } })
  })
})

describe('a track that nobody chose decides nothing', () => {
  const film = [...testVideo(2), ...tone(2)]

  it.each([
    ['a second audio track in TTA', 'AUDIO_TRACK_SKIPPED', [...tone(2), '-c:a:1', 'tta']],
    ['a track in Snow', 'VIDEO_TRACK_SKIPPED', [...testVideo(0.2), '-c:v:1', 'snow', '-strict', '-2']],
    ['a cover in GIF', 'VIDEO_TRACK_SKIPPED', [...testVideo(0.04), '-c:v:1', 'gif']],
    ['a still in JPEG 2000', 'VIDEO_TRACK_SKIPPED', [...testVideo(0.04), '-c:v:1', 'jpeg2000']],
  ])('%s', async (name, warning, [input = '', lavfi = '', flag = '', graph = '', ...codec]) => {
    const maps = ['-map', '0', '-map', '1', '-map', '2']
    const args = [...film, input, lavfi, flag, graph, ...maps, ...H264, ...AAC, ...codec]
    const { facts, warnings } = await transcode(workbench, await clip(`${name}.mkv`, ...args))
    expect(facts).toMatchObject({ video: { codec: 'h264', frameCount: 50 }, audio: { codec: 'aac' } })
    expect(warnings.map(({ code }) => code)).toEqual([warning])
  })

  it('nor does the only audio track, where it cannot be decoded', async () => {
    const source = await clip('tta.mkv', ...film, ...H264, '-c:a', 'tta')
    const { facts, warnings } = await workbench.probe(source)
    expect(facts.audio).toBeNull()
    expect(warnings).toMatchObject([{ code: 'AUDIO_TRACK_SKIPPED', detail: expect.stringContaining('tta') }])
  })

  it('and Blu-ray audio is heard', async () => {
    const source = await clip('bluray.m2ts', ...film, '-c:v', 'mpeg2video', '-c:a', 'pcm_bluray', '-f', 'mpegts')
    expect((await workbench.probe(source)).facts.audio).toMatchObject({ codec: 'pcm_bluray', channels: 1 })
  })

  it.each(['mp4', 'mkv'])('and a still picture is not the film, though it comes first in .%s', async (type) => {
    const still = ['-f', 'lavfi', '-i', 'color=red:size=1920x1080:rate=1:duration=1']
    const maps = ['-map', '0', '-map', '1', '-disposition:v:0', 'default', '-disposition:v:1', '0']
    const codecs = ['-c:v:0', 'mjpeg', '-c:v:1', 'libx264', '-preset', 'ultrafast']
    const source = await clip(`still-first.${type}`, ...still, ...testVideo(2), ...maps, ...codecs)
    const { facts, warnings } = await workbench.probe(source)
    expect(facts.video).toMatchObject({ streamIndex: 1, codec: 'h264', frameCount: 50 })
    expect(warnings.map(({ code }) => code)).toEqual(['VIDEO_TRACK_SKIPPED'])
  })

  it('and audio of which nothing can be decoded becomes silence', async () => {
    const plain = await clip('sound.mkv', ...film, ...H264, '-c:a', 'flac')
    const broken = await clip('noise.mkv', '-i', plain, '-map', '0', '-c', 'copy', '-bsf:a', 'noise=amount=1')
    const { decodedAudio, warnings } = await transcode(workbench, broken)
    expect(decodedAudio).toMatchObject({ codec_name: 'aac', channels: 2 })
    expect(warnings.map(({ code }) => code)).toEqual(['AUDIO_UNDECODABLE'])
  })
})

describe('what cameras and editors write is taken', () => {
  it.each([
    ['MXF', 'a.mxf', ['-c:v', 'mpeg2video', '-c:a', 'pcm_s16le', '-ar', '48000']],
    ['CineForm', 'a.mov', ['-c:v', 'cfhd', '-c:a', 'pcm_s24le']],
    ['FFV1', 'a.mkv', ['-c:v', 'ffv1', '-c:a', 'flac']],
    ['QuickTime Animation', 'b.mov', ['-c:v', 'qtrle', '-c:a', 'pcm_s16be']],
    ['GIF', 'a.gif', []],
  ])('%s', async (_, name, codecs) => {
    const sound = name.endsWith('gif') ? [] : tone(1)
    const { decodedVideo } = await transcode(workbench, await clip(name, ...testVideo(1), ...sound, ...codecs))
    expect(Number(decodedVideo[0]?.nb_read_frames)).toBe(25)
  })
})

describe('a refusal says what it is about', () => {
  it.each<[string, string, string[], RegExp]>([
    ['an unsupported codec', 'vc2.mkv', ['-c:v', 'vc2'], /codec of video track 1 \(dirac\) is not supported/],
    ['an encrypted file', 'enc.mp4', [...H264, ...encrypted()], /^The file is encrypted: video track 1/],
    ['an encrypted file in fragments', 'enc2.mp4', [...H264, ...encrypted(), ...FRAGMENTS], /^The file is encrypted/],
  ])('%s', async (_, name, args, detail) => {
    const source = await clip(name, ...testVideo(1), ...args)
    const cause = { code: 'SOURCE_UNSUPPORTED', detail: expect.stringMatching(detail) }
    await expect(workbench.probe(source)).rejects.toMatchObject({ taskCause: cause })
  })

  it('an unfinished recording', async () => {
    const whole = await readFile(await clip('whole.mp4', ...testVideo(1), ...H264))
    const source = join(workbench.folder, 'unfinished.mp4')
    await writeFile(source, whole.subarray(0, whole.indexOf('moov') - 4))
    const cause = { code: 'SOURCE_CORRUPT', detail: expect.stringMatching(/unfinished recording/) }
    await expect(workbench.probe(source)).rejects.toMatchObject({ taskCause: cause })
  })

  it('a format that is not accepted', async () => {
    const source = await clip('a.nut', ...tone(1))
    const cause = { code: 'SOURCE_UNSUPPORTED', detail: 'The format of the file (nut) is not supported.' }
    await expect(workbench.probe(source)).rejects.toMatchObject({ taskCause: cause })
  })
})

function encrypted(): string[] {
  const key = '0123456789abcdef0123456789abcdef'
  return ['-encryption_scheme', 'cenc-aes-ctr', '-encryption_key', key, '-encryption_kid', key]
}
