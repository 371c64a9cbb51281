import { mkdir, rename } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { videoCandidates } from '../src/domain/track-choice.ts'
import { probeSource } from '../src/operations/probe-source.ts'
import { scanPackets } from '../src/operations/scan-packets.ts'
import { indexedTimes } from '../src/operations/source-index.ts'
import { createClip, H264, testVideo, tone } from './support/clips.ts'
import { openWorkbench } from './support/workbench.ts'

const { folder, tools } = await openWorkbench()
const { signal } = new AbortController()
const B_FRAMES = ['-c:v', 'libx264', '-preset', 'veryfast', '-bf', '3', '-g', '30']
/** Frames at uneven times, as phones record them. */
const UNEVEN = ['-vf', "select='not(mod(n,7))+gt(random(1),0.4)',setpts=PTS+0.013*mod(N\\,3)/TB", '-fps_mode', 'vfr']
let clips = 0

/** The frame times by the index of a file, and by a scan of the whole file. */
async function both(name: string, args: string[]) {
  clips += 1
  const cwd = join(folder, `clip-${clips}`)
  await mkdir(cwd)
  await rename(await createClip(cwd, name, ...args), join(cwd, 'source'))
  const { report } = await probeSource(tools, cwd, signal)
  const [video] = videoCandidates(report)
  if (!video) throw new Error('a clip without video')
  const tracks = { video: [{ index: video.index, frameSeconds: 0.04 }], audio: [] }
  const { video: found } = await scanPackets(tools, { cwd, ...tracks, signal })
  const scanned = found.get(video.index) ?? { times: [], lastDuration: 0 }
  return { indexed: await indexedTimes(join(cwd, 'source'), video), scanned }
}

test.each<[string, string, string[]]>([
  ['uneven, in another order than decoded', 'a.mp4', [...testVideo(6), ...UNEVEN, ...B_FRAMES]],
  ['uneven, in QuickTime, with audio', 'a.mov', [...testVideo(4), ...tone(5), ...UNEVEN, ...H264, '-c:a', 'aac']],
  ['rotated', 'a.mp4', [...testVideo(2), ...UNEVEN, ...B_FRAMES, '-metadata:s:v', 'rotate=90']],
  ['later than the audio', 'a.mp4', [...tone(3), '-itsoffset', '0.7', ...testVideo(2), ...UNEVEN, ...H264]],
  ['of another codec', 'a.mp4', [...testVideo(3), ...UNEVEN, '-c:v', 'mpeg4', '-bf', '2']],
  ['even', 'a.mp4', [...testVideo(3, { rate: '30000/1001' }), ...B_FRAMES]],
])('the times of frames that are %s are found without reading them', async (_, name, args) => {
  const { indexed, scanned } = await both(name, args)
  expect(indexed?.times.length).toBe(scanned.times.length)
  const distances = scanned.times.map((time, index) => Math.abs(time - (indexed?.times[index] ?? Number.NaN)))
  expect(Math.max(...distances)).toBeLessThan(0.00001)
  expect(indexed?.lastDuration).toBeCloseTo(scanned.lastDuration, 4)
})

test.each<[string, string, string[]]>([
  ['in fragments', 'a.mp4', [...testVideo(2), ...H264, '-movflags', 'frag_keyframe+empty_moov']],
  ['in two tracks', 'a.mp4', [...testVideo(2), ...testVideo(2), '-map', '0', '-map', '1', ...H264]],
  ['in another container', 'a.mkv', [...testVideo(2), ...H264]],
])('the index does not list frames that are %s', async (_, name, args) => {
  const { indexed, scanned } = await both(name, args)
  expect(indexed).toBeUndefined()
  expect(scanned.times.length).toBeGreaterThan(0)
})

test('the index does not list frames that an edit list leaves out', async () => {
  const whole = await createClip(folder, 'whole.mp4', ...testVideo(6), ...B_FRAMES)
  const { indexed, scanned } = await both('a.mp4', ['-ss', '1.5', '-i', whole, '-c', 'copy'])
  expect(indexed).toBeUndefined()
  expect(scanned.times.length).toBeGreaterThan(0)
})
