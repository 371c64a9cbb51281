import { readdir, truncate, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { AAC, H264, inspect, makeClip, picture, tone } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => makeClip(workbench.folder, name, ...args)
const plain = await clip('plain.mp4', ...picture(2), ...tone(2), ...H264, ...AAC)

async function file(name: string, content: string | Uint8Array): Promise<string> {
  const path = join(workbench.folder, name)
  await writeFile(path, content)
  return path
}

const cause = (code: string) => ({ taskCause: expect.objectContaining({ class: 'input', code }) })

describe('a probe refuses', () => {
  it('bytes that are no video', async () => {
    const noise = Uint8Array.from({ length: 50_000 }, (_, index) => (index * index * 31) % 251)
    await expect(workbench.probe(await file('noise.mp4', noise))).rejects.toMatchObject(cause('SOURCE_CORRUPT'))
    await expect(workbench.probe(await file('text.mp4', 'hello\n'))).rejects.toMatchObject(cause('SOURCE_CORRUPT'))
  })

  it('a file whose end, with the index, is missing', async () => {
    const cut = await clip('cut.mp4', '-i', plain, '-c', 'copy')
    await truncate(cut, 60_000)
    await expect(workbench.probe(cut)).rejects.toMatchObject(cause('SOURCE_CORRUPT'))
  })

  it('a file with sound only, even with cover art', async () => {
    const sound = await clip('sound.m4a', ...tone(1), ...AAC)
    await expect(workbench.probe(sound)).rejects.toMatchObject(cause('NO_VIDEO_STREAM'))
    const cover = await clip('cover.png', ...picture(1), '-frames:v', '1')
    const args = ['-i', sound, '-i', cover, '-map', '0', '-map', '1', '-c', 'copy', '-disposition:v:0', 'attached_pic']
    await expect(workbench.probe(await clip('album.m4a', ...args))).rejects.toMatchObject(cause('NO_VIDEO_STREAM'))
  })

  it('lists that would make ffmpeg open other files', async () => {
    const concat = await file('concat.mp4', `ffconcat version 1.0\nfile ${plain}\n`)
    await expect(workbench.probe(concat)).rejects.toMatchObject(cause('SOURCE_UNSUPPORTED'))
    const playlist = ['#EXTM3U', '#EXT-X-TARGETDURATION:2', '#EXTINF:2,', `file://${plain}`, '#EXT-X-ENDLIST', ''].join(
      '\n',
    )
    await expect(workbench.probe(await file('list.mp4', playlist))).rejects.toMatchObject(cause('SOURCE_UNSUPPORTED'))
  })

  it('a small file with a huge picture, without spending the memory', async () => {
    const args = ['-f', 'lavfi', '-i', 'color=size=8200x8200:rate=1:duration=1', '-frames:v', '1']
    const bomb = await clip('bomb.mp4', ...args, ...H264)
    await expect(workbench.probe(bomb)).rejects.toMatchObject(cause('SOURCE_OVER_LIMIT'))
  })

  it('a codec that is not on the list', async () => {
    const source = await clip('odd.mkv', ...picture(1), '-c:v', 'ffv1')
    await expect(workbench.probe(source)).rejects.toMatchObject(cause('SOURCE_UNSUPPORTED'))
  })
})

describe('what can be saved is saved', () => {
  it('a file cut in the middle becomes the video that is left of it', async () => {
    const source = await clip('front.mp4', ...picture(4), ...H264, '-movflags', '+faststart')
    await truncate(source, 140_000)
    const { facts, pictures } = await transcode(workbench, source, { chunks: 2 })
    expect(facts.video.frameCount).toBeLessThan(95)
    expect(Number(pictures[0]?.nb_read_frames)).toBe(facts.video.frameCount)
  })

  it('a poster is made, no wider than 1280 and upright', async () => {
    const source = await clip('big.mp4', ...picture(1, { size: '1600x900' }), ...H264)
    const { sourceKey, facts } = await workbench.probe(source)
    const { posterKey } = await workbench.run({ kind: 'poster', sourceKey, facts })
    const [poster] = await inspect(workbench.pathOf(posterKey))
    expect(poster).toMatchObject({ codec_name: 'mjpeg', width: 1280, height: 720 })
  })
})

describe('a run of ffmpeg', () => {
  const work = async () => {
    const source = await clip('long.mp4', ...picture(60, { size: '640x360' }), ...H264)
    const { sourceKey, facts } = await workbench.probe(source)
    const rungs = [{ name: '360p', width: 640, height: 360, maxrate: 800, firstSegment: 0 }]
    const chunk = { startFrame: 0, frameCount: facts.video.frameCount, firstSegment: 0 }
    return { kind: 'video', sourceKey, facts, rungs, gopFrames: 50, segmentFrames: 150, chunk } as const
  }

  it('dies at its time limit, and its workspace with it', async () => {
    const limits = { ...workbench.tools.limits, wallSeconds: 0.3 }
    const run = workbench.run(await work(), { tools: { limits } })
    await expect(run).rejects.toMatchObject({ taskCause: { class: 'host', code: 'TIMED_OUT' } })
    expect(await readdir(join(workbench.folder, 'work'))).toEqual([])
  })

  it('dies at its memory limit, which is told apart from a damaged file', async () => {
    const limits = { ...workbench.tools.limits, memoryBytes: 64 * 1024 * 1024 }
    const run = workbench.run(await work(), { tools: { limits } })
    await expect(run).rejects.toMatchObject({ taskCause: { class: 'memory', code: 'OUT_OF_MEMORY' } })
  })

  it('dies when it is not wanted any more, and rejects with the reason', async () => {
    const stop = new AbortController()
    const reason = new Error('enough')
    const progress = () => stop.abort(reason)
    await expect(workbench.run(await work(), { signal: stop.signal, progress })).rejects.toBe(reason)
  })
})
