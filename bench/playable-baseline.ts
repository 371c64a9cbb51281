import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

/** A command that one would run instead. */
export interface Rival {
  name: string
  /** The longest film, in minutes, that it is measured with. */
  upTo: number
  rounds: number
  /** Folders of its playlists. */
  playlists: string[]
  args(film: string): string[]
  /** Must be true for all its playlists. */
  isPlayable(playlist: string): boolean
}

const LADDER = [
  { name: '240p', width: 426, height: 240, maxrate: 300 },
  { name: '360p', width: 640, height: 360, maxrate: 800 },
  { name: '540p', width: 960, height: 540, maxrate: 2000 },
  { name: '720p', width: 1280, height: 720, maxrate: 3200 },
  { name: '1080p', width: 1920, height: 1080, maxrate: 5500 },
]
const AUDIO = ['-map', '0:a:0', '-vn', '-c:a', 'aac', '-b:a', '128k', '-ac', '2', ...hls('audio')]

export const RIVALS: Rival[] = [
  {
    name: 'one ffmpeg for the whole ladder, the first segment of each rendition and of the audio',
    upTo: 60,
    rounds: 3,
    playlists: [...LADDER.map(({ name }) => name), 'audio'],
    args: (film) => ['-i', film, '-filter_complex', splitAndScale(), ...LADDER.flatMap(ladderOutput), ...AUDIO],
    isPlayable: (playlist) => playlist.includes('.m4s'),
  },
  {
    name: 'one ffmpeg per rendition, largest first, the end of the first one',
    upTo: 10,
    rounds: 1,
    playlists: ['1080p', 'audio'],
    args: (film) => ['-i', film, '-map', '0:v:0', '-an', ...encoder(5500), ...hls('1080p'), ...AUDIO],
    isPlayable: (playlist) => playlist.includes('#EXT-X-ENDLIST'),
  },
]

/** Seconds until the rival's output can be played; it is killed then. */
export async function timeToPlay(rival: Rival, film: string, folder: string): Promise<number> {
  for (const name of rival.playlists) await mkdir(join(folder, name), { recursive: true })
  const startedAt = performance.now()
  const args = ['-nostdin', '-loglevel', 'error', ...rival.args(film)]
  const child = spawn('ffmpeg', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
  const ended = once(child, 'exit')
  while (!(await isPlayable(rival, folder))) {
    if (child.exitCode !== null && child.exitCode !== 0) throw new Error(`ffmpeg ended with ${child.exitCode}`)
    await sleep(20)
  }
  const seconds = (performance.now() - startedAt) / 1000
  if (child.exitCode === null) child.kill('SIGKILL')
  await ended
  await rm(folder, { recursive: true })
  return seconds
}

async function isPlayable(rival: Rival, folder: string): Promise<boolean> {
  for (const name of rival.playlists) {
    const playlist = await readFile(join(folder, name, 'list.m3u8'), 'utf8').catch(() => '')
    if (!rival.isPlayable(playlist)) return false
  }
  return true
}

function splitAndScale(): string {
  const outputs = LADDER.map((_, index) => `[s${index}]`).join('')
  const scales = LADDER.map(
    ({ width, height }, index) => `[s${index}]scale=${width}:${height},format=yuv420p[v${index}]`,
  )
  return [`[0:v:0]split=${LADDER.length}${outputs}`, ...scales].join(';')
}

function ladderOutput({ name, maxrate }: (typeof LADDER)[number], index: number): string[] {
  return ['-map', `[v${index}]`, '-an', ...encoder(maxrate), ...hls(name)]
}

function encoder(maxrate: number): string[] {
  const rate = ['-crf', '23', '-maxrate', `${maxrate}k`, '-bufsize', `${2 * maxrate}k`]
  return ['-c:v', 'libx264', '-preset', 'veryfast', ...rate, '-g', '60', '-sc_threshold', '0']
}

function hls(name: string): string[] {
  const segments = ['-hls_segment_type', 'fmp4', '-hls_list_size', '0', '-hls_time', '6', '-hls_flags', 'temp_file']
  const files = ['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', `${name}/%d.m4s`, `${name}/list.m3u8`]
  return ['-f', 'hls', ...segments, ...files]
}
