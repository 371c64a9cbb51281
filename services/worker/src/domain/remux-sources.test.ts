import type { FrameRate, SourceFacts } from '@kinora/common/contracts'
import { expect, it } from 'vitest'
import { ladder, remuxRung } from '../../../media/src/domain/ladder.ts'
import { frameGrid } from './frame-grid.ts'
import { nearestStandardRate } from './frame-rate.ts'
import { ProbedStream } from './probe-report.ts'
import { looksRemuxable, remuxablePackets } from './remux.ts'

/** An upload as programs and devices write it. Sizes of frames are even, but for key frames. */
interface Upload {
  rate: number
  /** Frames between key frames, by turns. */
  gops: number[]
  mbits: number
  height?: number
  seconds?: number
  container?: string
  /** Frames are decoded in the order of x264: the last of three first. */
  reorders?: boolean
  /** Frames before a key frame are decoded after it. */
  open?: boolean
  /** Times are rounded to so many a second. */
  ticks?: number
  /** Milliseconds that times waver by. */
  jitter?: number
  /** Every so many frames one is missing. */
  gaps?: number
  stream?: Partial<ProbedStream>
}

const MKV = 'matroska,webm'
const NTSC = 30_000 / 1001
const FILM = 24_000 / 1001
/** Changes of scene in a film: after some seconds, now and then after some frames. */
const scenes = (rate: number) => [3.1, 1.2, 5.7, 0.6, 2.4, 8.9, 0.3, 4.2].map((seconds) => Math.round(seconds * rate))
const ANDROID = { ticks: 90_000, jitter: 3 }

const COPIED: Record<string, Upload> = {
  'x264, a film with changes of scene': { rate: FILM, gops: scenes(FILM), mbits: 6, reorders: true },
  'x264, a film without': { rate: FILM, gops: [250], mbits: 4, reorders: true },
  'x264, an interview': { rate: 25, gops: [250], mbits: 3, reorders: true },
  'x264, slides': { rate: 30, gops: [250, 250, 61], mbits: 0.4, height: 720, reorders: true },
  'x264, sports': { rate: 50, gops: scenes(50), mbits: 9, reorders: true },
  'x264, a game of 60 frames a second': { rate: 60, gops: [250], mbits: 12, reorders: true },
  'x264 in QuickTime': { rate: NTSC, gops: [250, 120, 31], mbits: 5, reorders: true },
  'HandBrake, key frames after ten seconds': { rate: 30, gops: [300], mbits: 4, reorders: true },
  'OBS to MKV, 60 frames a second': { rate: 60, gops: [250], mbits: 6, container: MKV, ticks: 1000, reorders: true },
  'OBS to MKV, 30 frames a second': { rate: 30, gops: [250], mbits: 2.5, container: MKV, ticks: 1000, reorders: true },
  'OBS to fragmented MP4': { rate: 30, gops: [250], mbits: 2.5, height: 720, ticks: 15_360, reorders: true },
  'OBS with NVENC and key frames after two seconds': { rate: 60, gops: [120], mbits: 6, container: MKV, ticks: 1000 },
  'a recorded stream in FLV': { rate: 30, gops: [60], mbits: 4.5, container: 'flv', ticks: 1000, reorders: true },
  'iPhone 1080p30': { rate: 30, gops: [30], mbits: 17.3, ticks: 600 },
  'iPhone 1080p29.97': { rate: NTSC, gops: [29, 30], mbits: 17.3, ticks: 600 },
  'iPhone 1080p60': { rate: 60, gops: [60], mbits: 23.3, ticks: 600 },
  'iPhone 720p30': { rate: 30, gops: [30], mbits: 8, height: 720, ticks: 600 },
  'Android 1080p30': { rate: 30, gops: [30], mbits: 17, ...ANDROID },
  'Android 1080p60': { rate: 60, gops: [60], mbits: 24, ...ANDROID, jitter: 2 },
  'Android 720p30': { rate: 30, gops: [30], mbits: 12, height: 720, ...ANDROID },
  'a messenger': { rate: 30, gops: [30, 90], mbits: 1.5, height: 480, ...ANDROID },
  'a compact camera': { rate: 25, gops: [12], mbits: 24, stream: { profile: 'Main' } },
  'a dashboard camera': { rate: 30, gops: [30], mbits: 15, ticks: 30_000 },
  'a security camera': { rate: 20, gops: [80], mbits: 4, stream: { profile: 'Main' } },
  'a baseline recorder': { rate: 15, gops: [60], mbits: 2, height: 720, stream: { profile: 'Constrained Baseline' } },
  'a meeting': { rate: 25, gops: [125], mbits: 1, height: 720 },
  'a screen recorder with constant rate': { rate: 30, gops: [300], mbits: 2, stream: { profile: 'Main' } },
  'an editing program': { rate: 25, gops: [33, 75, 14], mbits: 10, reorders: true },
}

const ENCODED: Record<string, Upload> = {
  'a phone held upright': {
    ...{ rate: 30, gops: [30], mbits: 17, ...ANDROID },
    stream: { side_data_list: [{ side_data_type: 'Display Matrix', rotation: -90 }] },
  },
  'a phone in the dark, which drops frames': { rate: 30, gops: [30], mbits: 12, ...ANDROID, gaps: 40 },
  'a screen recorder with pauses': { rate: 60, gops: [240], mbits: 5, gaps: 7 },
  'an action camera': { rate: 60, gops: [30], mbits: 45 },
  'a camcorder, interlaced': { rate: 25, gops: [12], mbits: 17, stream: { field_order: 'tt' } },
}

/** What hardly anybody uploads. */
const UNUSUAL: Record<string, Upload> = {
  'a disc with open groups': { rate: FILM, gops: [24], mbits: 20, reorders: true, open: true },
  'a single key frame': { rate: 25, gops: [100_000], mbits: 4 },
  'a camera of 10 bits': { rate: 25, gops: [25], mbits: 20, stream: { profile: 'High 10', pix_fmt: 'yuv420p10le' } },
  'a transport stream': { rate: 25, gops: [50], mbits: 5, container: 'mpegts', ticks: 90_000 },
}

/** The rung that an upload is copied as, and the lengths of its segments in seconds. */
function decide(upload: Upload): { rung: string; segments: number[] } | undefined {
  const { height = 1080, mbits, container = 'mov,mp4,m4a,3gp,3g2,mj2' } = upload
  const width = Math.round((height * 16) / 9 / 2) * 2
  const stream = ProbedStream.parse({
    ...{ index: 0, codec_type: 'video', codec_name: 'h264', pix_fmt: 'yuv420p', profile: 'High', level: 42 },
    ...{ width, height, field_order: 'progressive', ...upload.stream },
  })
  const { times, keyFrames } = framesOf(upload)
  const declared = nearestStandardRate(upload.rate)
  const sorted = times.toSorted((one, other) => one - other)
  const grid = frameGrid(sorted, 1 / upload.rate, [declared])
  const facts: SourceFacts = {
    ...{ container, durationSeconds: grid.frameCount / upload.rate, audio: null },
    video: {
      ...{ streamIndex: 0, codec: 'h264', pixelFormat: stream.pix_fmt ?? '', width, height, ...grid },
      ...{ interlaced: false, hdr: false, startTime: sorted[0] ?? 0 },
    },
  }
  if (!looksRemuxable(facts, stream)) return undefined
  const bytes = (mbits * 1e6) / 8 / upload.rate
  const found = remuxablePackets(
    { times: Float64Array.from(times), sizes: times.map(() => bytes), syncs: keyFrames },
    facts.video,
    stream,
  )
  if (!found) return undefined
  const rung = remuxRung({ ...facts, video: { ...facts.video, copyable: found.copyable } }, ladder(facts.video, 1080))
  return rung ? { rung: rung.name, segments: lengths(found.cuts, grid.frameCount, grid.frameRate) } : undefined
}

function lengths(cuts: number[], frameCount: number, { num, den }: FrameRate): number[] {
  return cuts.map((cut, index) => (((cuts[index + 1] ?? frameCount) - cut) * den) / num)
}

/** When frames are shown, in the order in which they are decoded, and which of them are key frames. */
function framesOf(upload: Upload): { times: number[]; keyFrames: number[] } {
  const { rate, gops, seconds = 60, reorders, open, ticks, jitter = 0, gaps } = upload
  const count = Math.round(seconds * rate)
  const order: number[] = []
  const keyFrames: number[] = []
  for (let [start, turn] = [0, 0]; start < count; turn += 1) {
    const end = Math.min(count, start + (gops[turn % gops.length] ?? 1))
    keyFrames.push(order.length)
    // Open groups begin with a frame that others are shown before.
    const lead = open && start > 0 ? [start + 2, start, start + 1] : [start]
    order.push(...lead)
    for (let frame = start + lead.length; frame < end; frame += 3) {
      const group = [frame, frame + 1, frame + 2].filter((one) => one < end)
      order.push(...(reorders ? [...group.slice(-1), ...group.slice(0, -1)] : group))
    }
    start = end
  }
  const timeOf = (frame: number) => {
    const late = gaps ? Math.floor(frame / gaps) : 0
    const time = 7 + (frame + late) / rate + (jitter / 1000) * Math.sin(frame * 1.7)
    return ticks ? Math.round(time * ticks) / ticks : time
  }
  return { times: order.map(timeOf), keyFrames }
}

it.each(Object.entries(COPIED))('%s keeps its frames', (_, upload) => {
  const decided = decide(upload)
  expect(decided?.rung).toBe(`${upload.height ?? 1080}p`)
  expect(Math.max(...(decided?.segments ?? []))).toBeLessThanOrEqual(10.5)
  expect(decided?.segments.slice(0, -1).every((seconds) => seconds >= 0.9)).toBe(true)
})

it.each(Object.entries({ ...ENCODED, ...UNUSUAL }))('%s is encoded', (_, upload) => {
  expect(decide(upload)).toBeUndefined()
})

it('four of five ordinary uploads keep their frames', () => {
  const ordinary = Object.values({ ...COPIED, ...ENCODED })
  expect(ordinary.length).toBeGreaterThanOrEqual(30)
  expect(ordinary.filter((upload) => decide(upload)).length / ordinary.length).toBeGreaterThanOrEqual(0.8)
})
