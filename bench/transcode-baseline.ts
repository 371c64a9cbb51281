import { spawn } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'

export interface Ladder {
  preset: string
  threads: number
  gopFrames: number
  segmentSeconds: number
  hasAudio: boolean
  rungs: { name: string; width: number; height: number; maxrate: number }[]
}

/** The usual command: one ffmpeg that decodes once and writes the same ladder as HLS, with separate audio. */
export async function runBaseline(source: string, folder: string, ladder: Ladder): Promise<void> {
  const { rungs, preset, threads, gopFrames, segmentSeconds, hasAudio } = ladder
  const scales = rungs.map(
    ({ width, height }, index) => `[s${index}]scale=${width}:${height},format=yuv420p[v${index}]`,
  )
  const graph = [`[0:v:0]split=${rungs.length}${rungs.map((_, index) => `[s${index}]`).join('')}`, ...scales].join(';')
  const hls = (name: string) => [
    ...['-f', 'hls', '-hls_segment_type', 'fmp4', '-hls_list_size', '0', '-hls_time', String(segmentSeconds)],
    ...['-hls_fmp4_init_filename', 'init.mp4', '-hls_segment_filename', join(name, '%d.m4s'), join(name, 'list.m3u8')],
  ]
  const video = rungs.flatMap(({ name, maxrate }, index) => [
    ...['-map', `[v${index}]`, '-an', '-c:v', 'libx264', '-preset', preset, '-threads', String(threads), '-crf', '23'],
    ...['-maxrate', `${maxrate}k`, '-bufsize', `${2 * maxrate}k`, '-g', String(gopFrames), '-sc_threshold', '0'],
    ...hls(name),
  ])
  const audio = hasAudio ? ['-map', '0:a:0', '-vn', '-c:a', 'aac', '-b:a', '128k', '-ac', '2', ...hls('audio')] : []
  for (const { name } of [...rungs, { name: 'audio' }]) await mkdir(join(folder, name), { recursive: true })
  const args = ['-nostdin', '-loglevel', 'error', '-i', source, '-filter_complex', graph, ...video, ...audio]
  await new Promise<void>((resolve, reject) => {
    const child = spawn('ffmpeg', args, { cwd: folder, stdio: ['ignore', 'ignore', 'inherit'] })
    child.once('error', reject)
    child.once('exit', (code) => (code === 0 ? resolve() : reject(new Error(`ffmpeg ended with ${code}`))))
  })
}
