import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { promisify } from 'node:util'
import type { SourceFacts } from '@kinora/common/contracts'
import { describe, expect, it, vi } from 'vitest'
import { AAC, createClip, H264, inspect, testVideo, tone } from './support/clips.ts'
import { audioWork, checkWhole, type Plan, planFor, transcode, videoWork } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const run = promisify(execFile)
const workbench = await openWorkbench()

async function decoded(path: string, ...args: string[]): Promise<Buffer> {
  const options = { encoding: 'buffer', maxBuffer: 64 * 1024 * 1024 } as const
  const extensions = path.endsWith('.m3u8') ? ['-allowed_extensions', 'ALL'] : []
  const { stdout } = await run('ffmpeg', ['-v', 'error', ...extensions, '-i', path, ...args, '-'], options)
  return stdout
}

describe('a download', () => {
  it('is a file that plays while it is loaded, with the very frames and audio of the rendition', async () => {
    const source = await createClip(workbench.folder, 'plain.mp4', ...testVideo(3), ...tone(3), ...H264, ...AAC)
    const { playlistKey } = await transcode(workbench, source, { chunks: 2 })
    const [pictureKey, soundKey] = [`${playlistKey}/144p.m3u8`, `${playlistKey}/sound.m3u8`]
    const outputKey = `${playlistKey}/download`
    const work = { kind: 'download', pictureKey, soundKey, frameCount: 75 } as const
    const { bytes } = await workbench.run(work, { outputKey })

    const path = workbench.pathOf(`${outputKey}/download.mp4`)
    const file = await readFile(path)
    expect(file.length).toBe(bytes)
    expect(file.indexOf('moov')).toBeLessThan(file.indexOf('mdat'))
    const [video, audio] = await inspect(path)
    expect(video).toMatchObject({ codec_name: 'h264', height: 144, nb_read_frames: '75' })
    expect(audio).toMatchObject({ codec_name: 'aac', channels: 2 })
    const frames = (of: string) => decoded(of, '-map', '0:v:0', '-f', 'framehash', '-hash', 'md5')
    const hashes = (text: Buffer) => text.toString().match(/[0-9a-f]{32}$/gm)
    expect(hashes(await frames(path))).toEqual(hashes(await frames(workbench.pathOf(pictureKey))))
    const { stdout } = await run('ffprobe', [
      '-v',
      'error',
      '-show_entries',
      'stream=start_time',
      '-of',
      'csv=p=0',
      path,
    ])
    expect(stdout.trim().split('\n').map(Number)).toEqual([0, 0])
  })

  it('of a silent video has no audio, and one with frames missing is not reported', async () => {
    const source = await createClip(workbench.folder, 'silent.mp4', ...testVideo(1), ...H264)
    const { playlistKey } = await transcode(workbench, source)
    const work = { kind: 'download', pictureKey: `${playlistKey}/90p.m3u8`, soundKey: null, frameCount: 25 } as const
    await workbench.run(work, { outputKey: `${playlistKey}/download` })
    expect(await inspect(workbench.pathOf(`${playlistKey}/download/download.mp4`))).toHaveLength(1)
    const wrong = workbench.run({ ...work, frameCount: 26 }, { outputKey: `${playlistKey}/wrong` })
    await expect(wrong).rejects.toMatchObject({ taskCause: { class: 'host', code: 'TRANSCODE_FAILED' } })
  })
})

/** Every frame is grey, a little lighter than the one before; one key frame only; audio from the third second on. */
const COUNTING = [
  ...['-f', 'lavfi', '-i', "color=black:size=160x90:rate=25:duration=4,geq=lum='16+2*N':cb=128:cr=128"],
  ...['-f', 'lavfi', '-i', "aevalsrc='if(lt(t,3),0,0.5*sin(880*PI*t))':sample_rate=48000:duration=4"],
  ...[...H264, '-g', '250', '-crf', '1', ...AAC],
]
const [START, COUNT] = [63, 30]

async function clipOf(container: string): Promise<Plan> {
  const plan = await planFor(workbench, await createClip(workbench.folder, `counting.${container}`, ...COUNTING), [90])
  const { video } = plan.facts
  const clipped = { ...video, startTime: video.startTime + START / 25, frameCount: COUNT, clipped: true }
  const facts: SourceFacts = { ...plan.facts, durationSeconds: COUNT / 25, video: clipped }
  return { ...plan, facts, segments: Math.ceil(COUNT / plan.gopFrames) }
}

describe('a clip', () => {
  it.each(['mp4', 'mkv', 'ts'])('of a source in %s has exactly its frames and its audio', async (container) => {
    const plan = await clipOf(container)
    const part = await workbench.run(videoWork(plan, 0, plan.segments), { outputKey: `${plan.folder}/video` })
    const sound = await workbench.run(audioWork(plan), { outputKey: `${plan.folder}/sound` })
    const written = [
      { folder: 'video', part },
      { folder: 'sound', part: sound },
    ]
    await checkWhole(workbench, plan, written)

    const luma = ['-vf', 'extractplanes=y,crop=1:1', '-f', 'rawvideo', '-pix_fmt', 'gray']
    const found = [...(await decoded(workbench.pathOf(`${plan.folder}/90p.m3u8`), ...luma))]
    expect(found).toHaveLength(COUNT)
    // Levels differ by two, so one more or less is still the right frame.
    expect(found.map((level, index) => Math.abs(level - (16 + 2 * (START + index))) <= 1)).not.toContain(false)

    const samples = new Int16Array(
      new Uint8Array(await decoded(workbench.pathOf(`${plan.folder}/sound.m3u8`), '-ac', '1', '-f', 's16le')).buffer,
    )
    const begin = samples.findIndex((sample) => Math.abs(sample) > 3000) / 48_000
    expect(begin).toBeGreaterThan(3 - START / 25 - 0.03)
    expect(begin).toBeLessThan(3 - START / 25 + 0.03)
  })
})
