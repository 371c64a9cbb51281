import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Rendition } from './download.ts'

const run = promisify(execFile)

/** One segment, as ffprobe sees it behind the rendition's header. Times in seconds on the presentation's clock. */
export type MeasuredSegment = {
  bytes: number
  start: number
  end: number
  packets: number
  /** Video only: frames that could be decoded from this segment alone, and whether the first is a key frame. */
  decoded: number
  startsWithKeyFrame: boolean
}

export type MeasuredRendition = {
  name: string
  segments: MeasuredSegment[]
  stream: Stream
  /** Everything that a decoder complains of when it plays the whole. */
  complaints: string
}

export type Stream = {
  codec_name: string
  width?: number
  height?: number
  pix_fmt?: string
  sample_aspect_ratio?: string
  sample_rate?: string
  channels?: number
}
type Packet = { pts_time: string; duration_time?: string }
type Frame = { key_frame: 0 | 1 }

/** Measures every segment by itself, and plays all of them in a row. `dir` takes the files. */
export async function measure(rendition: Rendition, kind: 'video' | 'audio', dir: string): Promise<MeasuredRendition> {
  const { name, init } = rendition
  const whole = join(dir, `${name}.mp4`)
  await writeFile(whole, Buffer.concat([init, ...rendition.segments]))
  const { streams } = await probe<{ streams: Stream[] }>(['-show_streams', whole])
  const [stream] = streams
  if (!stream || streams.length > 1) throw new Error(`${name} has ${streams.length} streams`)
  const segments: MeasuredSegment[] = []
  for (const [index, bytes] of rendition.segments.entries()) {
    const file = join(dir, `${name}-${index}.mp4`)
    await writeFile(file, Buffer.concat([init, bytes]))
    segments.push(await measureSegment(file, bytes.length, kind))
  }
  return { name, segments, stream, complaints: await play(whole) }
}

async function measureSegment(file: string, bytes: number, kind: 'video' | 'audio'): Promise<MeasuredSegment> {
  const entries = `packet=pts_time,duration_time${kind === 'video' ? ':frame=key_frame' : ''}`
  const { packets, packets_and_frames: mixed = packets ?? [] } = await probe<{
    packets?: (Packet | Frame)[]
    packets_and_frames?: (Packet | Frame)[]
  }>(['-show_entries', entries, file])
  const times = mixed.filter(isPacket).map(timesOf)
  const frames = mixed.filter(isFrame)
  return {
    bytes,
    packets: times.length,
    start: Math.min(...times.map(({ start }) => start)),
    end: Math.max(...times.map(({ end }) => end)),
    decoded: frames.length,
    startsWithKeyFrame: frames[0]?.key_frame === 1,
  }
}

function isPacket(entry: Packet | Frame): entry is Packet {
  return 'pts_time' in entry
}

function isFrame(entry: Packet | Frame): entry is Frame {
  return 'key_frame' in entry
}

function timesOf({ pts_time, duration_time = '0' }: Packet): { start: number; end: number } {
  const start = Number(pts_time)
  return { start, end: start + Number(duration_time) }
}

async function probe<T>(args: string[]): Promise<T> {
  const { stdout } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...args], { maxBuffer: 64 * 1024 * 1024 })
  return JSON.parse(stdout) as T
}

async function play(file: string): Promise<string> {
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-i', file, '-f', 'null', '-'])
  return stderr.trim()
}
