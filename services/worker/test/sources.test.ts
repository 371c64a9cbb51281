import { describe, expect, it, vi } from 'vitest'
import { AAC, createClip, H264, testVideo, tone } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)
const frames = (stream: { nb_read_frames?: string } | undefined) => Number(stream?.nb_read_frames)

describe('a source of each family becomes right HLS', () => {
  it('splits a video into chunks whose frames add up, with one init for all and unbroken decode times', async () => {
    const source = await clip('plain.mp4', ...testVideo(6.4), ...tone(6.4), ...H264, ...AAC)
    const { facts, video, decodedVideo, decodedAudio, rungs } = await transcode(workbench, source, { chunks: 3 })
    expect(facts.video).toMatchObject({ frameRate: { num: 25, den: 1 }, frameCount: 160, resample: false })
    expect(video).toHaveLength(3)
    for (const [index] of rungs.entries()) {
      expect(new Set(video.map(({ renditions }) => renditions[index]?.initSha256)).size).toBe(1)
      expect(frames(decodedVideo[index])).toBe(160)
    }
    expect(decodedVideo[0]).toMatchObject({
      codec_name: 'h264',
      width: 160,
      height: 90,
      pix_fmt: 'yuv420p',
      color_space: 'smpte170m',
    })
    expect(decodedAudio).toMatchObject({ codec_name: 'aac', channels: 2, sample_rate: '48000' })
  })

  it('keeps 30000/1001 frames a second exactly', async () => {
    const source = await clip('ntsc.mkv', ...testVideo(5, { rate: '30000/1001' }), ...H264)
    const { facts, decodedVideo } = await transcode(workbench, source, { chunks: 3 })
    expect(facts.video).toMatchObject({ frameRate: { num: 30_000, den: 1001 }, frameCount: 150, resample: false })
    expect(frames(decodedVideo[1])).toBe(150)
  })

  it('gives a variable rate one constant rate, with the same length', async () => {
    const drop = "select='not(eq(mod(n,7),3)+eq(mod(n,11),5)+between(n,60,95))',setpts='PTS+0.3*sin(N)/25/TB*0.9'"
    const source = await clip(
      'variable.mp4',
      ...testVideo(6),
      ...tone(6),
      '-vf',
      drop,
      '-fps_mode',
      'vfr',
      ...H264,
      ...AAC,
    )
    const { facts, decodedVideo } = await transcode(workbench, source, { chunks: 3 })
    expect(facts.video.resample).toBe(true)
    expect(facts.durationSeconds).toBeCloseTo(6, 0)
    expect(frames(decodedVideo[0])).toBe(facts.video.frameCount)
  })

  it('keeps the motion of a screen recording between its pauses', async () => {
    const bursts = "select='lt(mod(t,4),1)+not(mod(n,60))'"
    const screen = [...testVideo(10, { rate: '60' }), '-vf', bursts, '-fps_mode', 'vfr', ...H264]
    const { facts, decodedVideo } = await transcode(workbench, await clip('screen.mp4', ...screen))
    expect(facts.video).toMatchObject({ frameRate: { num: 60, den: 1 }, resample: true })
    expect(frames(decodedVideo[0])).toBe(facts.video.frameCount)
  })

  it('thins out 120 frames a second to 60', async () => {
    const { facts } = await transcode(workbench, await clip('fast.mp4', ...testVideo(1, { rate: '120' }), ...H264))
    const kept = { frameRate: { num: 60, den: 1 }, frameCount: 60, resample: true }
    expect(facts.video).toMatchObject({ ...kept, sourceRate: { num: 120, den: 1 } })
  })

  it.each([
    ['4:4:4', 'yuv444p', ['libx264']],
    ['10-bit', 'yuv420p10le', ['libx264']],
    ['12-bit 4:2:2 ProRes', 'yuv422p10le', ['prores']],
  ])('turns %s frames into 8-bit 4:2:0', async (_, format, [codec = '']) => {
    const source = await clip(`${format}-${codec}.mov`, ...testVideo(1), '-pix_fmt', format, '-c:v', codec)
    const { facts, decodedVideo } = await transcode(workbench, source)
    expect(facts.video.pixelFormat).toBe(format)
    expect(decodedVideo[0]?.pix_fmt).toBe('yuv420p')
  })

  it('squares the pixels of an anamorphic video', async () => {
    const source = await clip('wide.mp4', ...testVideo(1, { size: '144x116' }), '-vf', 'setsar=16/11', ...H264)
    const { facts } = await transcode(workbench, source, { short: [90] })
    expect(facts.video).toMatchObject({ width: 209, height: 116 })
  })

  it('deinterlaces a transport stream whose clock does not begin at 0, in chunks', async () => {
    const interlace = ['-vf', 'tinterlace=interleave_top,fieldorder=tff', '-flags', '+ildct+ilme', '-g', '12']
    const source = await clip(
      'tv.ts',
      ...[...testVideo(4, { rate: '50' }), ...tone(4), ...interlace, '-c:v', 'mpeg2video', '-b:v', '2M', '-c:a', 'mp2'],
      ...['-output_ts_offset', '3600'],
    )
    const { facts, decodedVideo } = await transcode(workbench, source, { chunks: 3 })
    expect(facts.video).toMatchObject({
      codec: 'mpeg2video',
      interlaced: true,
      frameRate: { num: 25, den: 1 },
      frameCount: 100,
    })
    expect(facts.video.startTime).toBeGreaterThan(3600)
    expect(frames(decodedVideo[0])).toBe(100)
  })

  it('takes a video of one frame, with and without audio', async () => {
    for (const [audio, count] of [[[], 1] as const, [[...tone(0.5), ...AAC], 13] as const]) {
      const source = await clip('one.mp4', ...testVideo(0.04), ...audio, ...H264)
      const { facts, decodedVideo } = await transcode(workbench, source)
      expect(facts.video.frameCount).toBe(count)
      expect(frames(decodedVideo[0])).toBe(count)
    }
  })

  it('fills up audio that is shorter than the frames with silence', async () => {
    const source = await clip('short-sound.mp4', ...testVideo(3), ...tone(1), ...H264, ...AAC)
    const { audio } = await transcode(workbench, source)
    const length = audio?.segments.reduce((sum, segment) => sum + segment.seconds, 0)
    expect(Math.abs((length ?? 0) - 3)).toBeLessThan(1024 / 48_000)
  })

  it('tone-maps HDR', async () => {
    const hdr = [
      '-pix_fmt',
      'yuv420p10le',
      '-color_primaries',
      'bt2020',
      '-color_trc',
      'smpte2084',
      '-colorspace',
      'bt2020nc',
    ]
    const { facts, decodedVideo } = await transcode(workbench, await clip('hdr.mp4', ...testVideo(1), ...hdr, ...H264))
    expect(facts.video.hdr).toBe(true)
    expect(decodedVideo[0]?.color_space).toBe('bt709')
  })
})
