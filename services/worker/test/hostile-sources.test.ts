import { readdir, truncate } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, expect, it, vi } from 'vitest'
import { createClip, H264, inspect, testVideo } from './support/clips.ts'
import { transcode } from './support/transcode.ts'
import { openWorkbench } from './support/workbench.ts'

// Real encodes, on a machine that may be busy with other test files.
vi.setConfig({ testTimeout: 120_000 })

const workbench = await openWorkbench()
const clip = (name: string, ...args: string[]) => createClip(workbench.folder, name, ...args)

describe('what can be saved is saved', () => {
  it('a file cut in the middle becomes the video that is left of it', async () => {
    const source = await clip('front.mp4', ...testVideo(4), ...H264, '-movflags', '+faststart')
    await truncate(source, 140_000)
    const { facts, decodedVideo } = await transcode(workbench, source, { chunks: 2 })
    expect(facts.video.frameCount).toBeLessThan(95)
    expect(Number(decodedVideo[0]?.nb_read_frames)).toBe(facts.video.frameCount)
  })

  it('a poster is made, no wider than 1280 and upright', async () => {
    const source = await clip('big.mp4', ...testVideo(1, { size: '1600x900' }), ...H264)
    const { sourceKey, facts } = await workbench.probe(source)
    const { posterKey } = await workbench.run({ kind: 'poster', sourceKey, facts })
    const [poster] = await inspect(workbench.pathOf(posterKey))
    expect(poster).toMatchObject({ codec_name: 'mjpeg', width: 1280, height: 720 })
  })
})

describe('a run of ffmpeg', () => {
  const work = async () => {
    const source = await clip('long.mp4', ...testVideo(60, { size: '640x360' }), ...H264)
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
