import { execFile } from 'node:child_process'
import { cp, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll } from 'vitest'

const run = promisify(execFile)

/** Renditions of the presentation, and their sizes in pixels. */
const SIZES = { '180p': '320x180', '90p': '160x90' }
const SECONDS = 5

/** Creates a folder that is removed after the file's last test. */
async function temporaryFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-hls-check-'))
  afterAll(() => rm(folder, { recursive: true, force: true }))
  return folder
}

/** Creates a correct presentation of two video renditions and two of audio with ffmpeg's HLS muxer; the master playlist is ours. */
export async function createPresentation(seconds = SECONDS): Promise<string> {
  const folder = await temporaryFolder()
  await run(
    'ffmpeg',
    [
      ...['-nostdin', '-loglevel', 'error', '-f', 'lavfi', '-i', `testsrc2=size=320x180:rate=25:duration=${seconds}`],
      ...['-f', 'lavfi', '-i', `sine=sample_rate=48000:duration=${seconds}`],
      ...[
        '-filter_complex',
        '[0:v]split=2[a][b];[b]scale=160:90[c]',
        '-map',
        '[a]',
        '-map',
        '[c]',
        '-map',
        '1:a',
        '-map',
        '1:a',
      ],
      ...['-c:v', 'libx264', '-preset', 'ultrafast', '-g', '50', '-keyint_min', '50', '-sc_threshold', '0'],
      ...['-c:a', 'aac', '-f', 'hls', '-hls_time', '2', '-hls_playlist_type', 'vod', '-hls_segment_type', 'fmp4'],
      ...[
        '-var_stream_map',
        'v:0,agroup:a,name:180p v:1,agroup:a,name:90p a:0,agroup:a,name:sound a:1,agroup:a,name:other',
        '-master_pl_name',
        'ffmpeg.m3u8',
        '-hls_fmp4_init_filename',
        'init.mp4',
      ],
      ...['-hls_segment_filename', '%v/%d.m4s', '%v/list.m3u8'],
    ],
    { cwd: folder },
  )
  await writeFile(join(folder, 'master.m3u8'), await masterOf(folder, seconds))
  return folder
}

async function masterOf(folder: string, seconds: number): Promise<string> {
  const sound = await bitsPerSecond(join(folder, 'sound'), seconds)
  const theirs = await readFile(join(folder, 'ffmpeg.m3u8'), 'utf8')
  const variants = Object.entries(SIZES).map(async ([name, size]) => {
    const average = sound + (await bitsPerSecond(join(folder, name), seconds))
    const [, codecs] = new RegExp(`CODECS="([^"]*)".*\\n${name}/`).exec(theirs) ?? []
    const attributes = [
      ...['BANDWIDTH=9000000', `AVERAGE-BANDWIDTH=${average}`, `RESOLUTION=${size}`, 'FRAME-RATE=25.000'],
      ...[`CODECS="${codecs}"`, 'AUDIO="sound"'],
    ]
    return `#EXT-X-STREAM-INF:${attributes.join(',')}\n${name}/list.m3u8\n`
  })
  const media = [
    ['NAME="Sound",LANGUAGE="de",DEFAULT=YES,AUTOSELECT=YES', 'sound'],
    ['NAME="Other",LANGUAGE="en",DEFAULT=NO,AUTOSELECT=YES', 'other'],
  ]
    .map(([attributes, name]) => `#EXT-X-MEDIA:TYPE=AUDIO,GROUP-ID="sound",${attributes},URI="${name}/list.m3u8"`)
    .join('\n')
  return `#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-INDEPENDENT-SEGMENTS\n${media}\n${(await Promise.all(variants)).join('')}`
}

/** The average bit rate of the segments in a folder. */
export async function bitsPerSecond(folder: string, seconds = SECONDS): Promise<number> {
  const segments = (await readdir(folder)).filter((name) => name.endsWith('.m4s'))
  const sizes = await Promise.all(segments.map(async (name) => (await stat(join(folder, name))).size))
  return Math.round((sizes.reduce((sum, bytes) => sum + bytes, 0) * 8) / seconds)
}

/** A copy that a test may damage. */
export async function copyOf(folder: string): Promise<string> {
  const copy = await temporaryFolder()
  await cp(folder, copy, { recursive: true })
  return copy
}

/** Changes a file as text and keeps all other bytes. Throws when nothing changed. */
export async function edit(path: string, change: (text: string) => string): Promise<void> {
  const before = await readFile(path, 'latin1')
  const after = change(before)
  if (after === before) throw new Error(`nothing was changed in ${path}`)
  await writeFile(path, after, 'latin1')
}
