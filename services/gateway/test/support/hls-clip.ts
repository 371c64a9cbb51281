import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { keys, type StorageKey, type Store } from '@kinora/common/storage'

const run = promisify(execFile)
const SEGMENTS = 5
const SEGMENT_SECONDS = 2

/** Stores a clip in two sizes under the keys that a worker and media use. */
export async function storeHlsClip(store: Store, videoId: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-hls-'))
  const task = `${randomUUID()}-1`
  try {
    for (const height of [120, 240]) {
      const name = `${height}p`
      await run('ffmpeg', encode(height), { cwd: folder })
      const segments = Array.from({ length: SEGMENTS }, (_, number) => `${number}.m4s`)
      for (const file of ['init.mp4', ...segments]) {
        await store.put(`${keys.videoFolder(videoId)}/${task}/${name}/${file}`, await readFile(join(folder, file)))
      }
      const list = await readFile(join(folder, 'list.m3u8'), 'utf8')
      await store.put(
        keys.playlist(videoId, `${name}.m3u8`),
        list.replaceAll(/init\.mp4|\d\.m4s/g, `${task}/${name}/$&`),
      )
    }
    await store.put(keys.playlist(videoId, 'master.m3u8'), MASTER)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

/** Gives another video the same files. */
export async function copyHlsClip(store: Store, from: string, to: string): Promise<void> {
  for await (const key of store.list(keys.videoFolder(from))) {
    await store.copy(key, key.replace(keys.videoFolder(from), keys.videoFolder(to)) as StorageKey)
  }
}

/** Stores the same clip as a file that browsers play. */
export async function storeSourceClip(store: Store, key: string): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-source-'))
  try {
    const video = `testsrc2=size=426x240:rate=25:duration=${SEGMENTS * SEGMENT_SECONDS}`
    const options = [
      '-c:v',
      'libx264',
      '-preset',
      'ultrafast',
      '-pix_fmt',
      'yuv420p',
      '-movflags',
      '+faststart',
      'source.mp4',
    ]
    await run('ffmpeg', ['-nostdin', '-loglevel', 'error', '-f', 'lavfi', '-i', video, ...options], { cwd: folder })
    await store.put(key, await readFile(join(folder, 'source.mp4')))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

const MASTER = `#EXTM3U
#EXT-X-VERSION:7
#EXT-X-INDEPENDENT-SEGMENTS
#EXT-X-STREAM-INF:BANDWIDTH=300000,RESOLUTION=212x120,CODECS="avc1.42c00d"
120p.m3u8
#EXT-X-STREAM-INF:BANDWIDTH=600000,RESOLUTION=426x240,CODECS="avc1.42c00d"
240p.m3u8
`

function encode(height: number): string[] {
  const video = `testsrc2=size=426x240:rate=25:duration=${SEGMENTS * SEGMENT_SECONDS}`
  return [
    ...['-nostdin', '-loglevel', 'error', '-y', '-f', 'lavfi', '-i', video, '-vf', `scale=-2:${height},setsar=1`],
    ...['-c:v', 'libx264', '-preset', 'ultrafast', '-profile:v', 'baseline', '-level', '1.3', '-g', '50'],
    ...['-f', 'hls', '-hls_time', String(SEGMENT_SECONDS), '-hls_segment_type', 'fmp4', '-hls_playlist_type', 'vod'],
    ...['-hls_segment_filename', '%d.m4s', 'list.m3u8'],
  ]
}
