import { execFile } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import type { Rendition } from './download.ts'

const run = promisify(execFile)

/** One segment as ffprobe sees it in its rendition. Times in seconds on the presentation's clock. */
export type MeasuredSegment = {
  bytes: number
  start: number
  end: number
  packets: number
  /** Video only: the first picture is an IDR picture, and none of the segment is shown before it. */
  startsWithIdr: boolean
}

export type MeasuredRendition = {
  name: string
  segments: MeasuredSegment[]
  stream: Stream
  /** Frames that were decoded from every other segment, and from the others. Zero for sound. */
  framesDecodedApart: number
  /** Everything that decoders complained of. */
  complaints: string
}

export type Stream = {
  codec_name: string
  width?: number
  height?: number
  pix_fmt?: string
  sample_aspect_ratio?: string
  channels?: number
  nb_read_frames?: string
}
type Packet = { pts_time: string; duration_time?: string; pos: string }

/**
 * Plays a rendition from its first segment to its last, and, to see that no segment needs the one before it, the
 * segments with even and with odd numbers by themselves. `dir` takes the files.
 */
export async function measure(rendition: Rendition, kind: 'video' | 'audio', dir: string): Promise<MeasuredRendition> {
  const { name, init, segments } = rendition
  const whole = Buffer.concat([init, ...segments])
  const file = join(dir, `${name}.mp4`)
  await writeFile(file, whole)
  const entries =
    'packet=pts_time,duration_time,pos:stream=codec_name,width,height,pix_fmt,sample_aspect_ratio,channels'
  const { packets, streams } = await probe<{ packets: Packet[]; streams: Stream[] }>('-show_entries', entries, file)
  const [stream] = streams
  if (!stream || streams.length > 1) throw new Error(`${name} has ${streams.length} streams`)
  const { stderr } = await run('ffmpeg', ['-v', 'warning', '-i', file, '-f', 'null', '-'])
  const measured = measureSegments(whole, rendition, packets, kind)
  if (kind === 'audio') return { name, segments: measured, stream, framesDecodedApart: 0, complaints: stderr.trim() }
  const [even, odd] = [await decodeEveryOther(rendition, 0, dir), await decodeEveryOther(rendition, 1, dir)]
  return {
    name,
    segments: measured,
    stream,
    framesDecodedApart: even.frames + odd.frames,
    complaints: [stderr, even.stderr, odd.stderr].join('').trim(),
  }
}

function measureSegments(
  whole: Buffer,
  { init, segments }: Rendition,
  packets: Packet[],
  kind: 'video' | 'audio',
): MeasuredSegment[] {
  let from = init.length
  return segments.map(({ length }) => {
    const to = from + length
    const own = packets.filter(({ pos }) => Number(pos) >= from && Number(pos) < to)
    from = to
    const starts = own.map(({ pts_time }) => Number(pts_time))
    const ends = own.map(({ pts_time, duration_time = '0' }) => Number(pts_time) + Number(duration_time))
    return {
      bytes: length,
      packets: own.length,
      start: Math.min(...starts),
      end: Math.max(...ends),
      startsWithIdr:
        kind === 'video' && isIdr(whole, Number(own[0]?.pos)) && starts.every((start) => start >= Number(starts[0])),
    }
  })
}

const NAL_SLICE = 1
const NAL_IDR = 5

/**
 * Is the first slice at this place one of an IDR picture (ITU-T H.264 table 7-1)? NAL units stand behind each other with
 * a length of four bytes each (ISO/IEC 14496-15 section 5.3.2).
 */
function isIdr(bytes: Buffer, position: number): boolean {
  for (let at = position; at + 4 < bytes.length; at += 4 + bytes.readUInt32BE(at)) {
    const type = bytes.readUInt8(at + 4) & 0x1f
    if (type >= NAL_SLICE && type <= NAL_IDR) return type === NAL_IDR
  }
  return false
}

async function decodeEveryOther({ name, init, segments }: Rendition, parity: 0 | 1, dir: string) {
  const chosen = segments.filter((_, index) => index % 2 === parity)
  if (chosen.length === 0) return { frames: 0, stderr: '' }
  const file = join(dir, `${name}-${parity}.mp4`)
  await writeFile(file, Buffer.concat([init, ...chosen]))
  const { streams, stderr } = await probe<{ streams: Stream[] }>(
    ...['-v', 'warning', '-count_frames', '-show_entries', 'stream=nb_read_frames', file],
  )
  return { frames: Number(streams[0]?.nb_read_frames), stderr }
}

async function probe<T>(...args: string[]): Promise<T & { stderr: string }> {
  const options = { maxBuffer: 64 * 1024 * 1024 }
  const { stdout, stderr } = await run('ffprobe', ['-v', 'error', '-of', 'json', ...args], options)
  return { ...(JSON.parse(stdout) as T), stderr }
}
