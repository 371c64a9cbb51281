import { execFile } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import { promisify } from 'node:util'
import type { Lifecycle } from '@kinora/common/service'
import { until } from '../until.ts'
import { type ApiClient, createApiClient, type Video } from './api-client.ts'
import { bringUp, startArguments } from './bring-up.ts'
import { type Console, seconds } from './console.ts'
import { runCommand } from './run-command.ts'

const WATCH_MS = 500
const GIVE_UP_MS = 3_600_000
const TOKEN_SECONDS = 3600
const CLIP_SECONDS = '20'
/** 64 GiB: the person at the terminal may bring any file; the services' own default is meant for strangers. */
const LARGEST_FILE = String(64 * 2 ** 30)

/** `npm run demo [file]`: starts the whole system, takes one video through it, and serves until Ctrl-C. */
await runCommand(async (life, console) => {
  // npm runs this program in the checkout's root, but the path is relative to where it was typed.
  const { change, files } = startArguments(process.argv.slice(2), 1)
  const given = files[0] && resolve(process.env.INIT_CWD ?? '.', files[0])
  if (given) statSync(given)
  const { publicUrl } = await bringUp(life, console, { change, defaults: { MAX_UPLOAD_BYTES: LARGEST_FILE } })
  const file = given ?? (await console.step('Created a clip: 20 s of test image and tone', () => clip(life)))
  const api = createApiClient(publicUrl)
  await signIn(api, console)
  const started = performance.now()
  const videoId = await upload(api, file, console)
  await watch(api, videoId, console)
  console.line(`From upload to ready: ${seconds(performance.now() - started)}`)
  const { hlsUrl } = await api.createPlaybackToken(videoId, TOKEN_SECONDS)
  console.line('')
  console.line(`HLS: ${new URL(hlsUrl, publicUrl).href}`)
  console.line('Open it in Safari, VLC, mpv or ffplay. The link works for one hour. Ctrl-C stops everything.')
})

async function clip(life: Lifecycle): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kinora-clip-'))
  life.use(folder, 'clip', (it) => rmSync(it, { recursive: true, force: true }))
  const file = join(folder, 'test-image.mp4')
  await createClip(file)
  return file
}

async function signIn(api: ApiClient, console: Console): Promise<void> {
  const email = `demo-${randomBytes(4).toString('hex')}@example.com`
  const password = randomBytes(18).toString('base64url')
  await console.step(`Registered ${email}`, () => api.register(email, password))
  await console.step('Signed in', () => api.login(email, password))
}

async function upload(api: ApiClient, file: string, console: Console): Promise<string> {
  const { id } = await api.createVideo(basename(file))
  await console.step('Uploaded', () =>
    api.uploadSource(id, file, (sent, total) => {
      console.update(`Uploading ${Math.floor((sent / total) * 100)} % of ${(total / 2 ** 20).toFixed(1)} MiB`)
    }),
  )
  return id
}

async function watch(api: ApiClient, videoId: string, console: Console): Promise<void> {
  const started = performance.now()
  let playable = false
  const look = async (): Promise<Video | false> => {
    const video = await api.getVideo(videoId)
    if (video.playable && !playable) {
      playable = true
      console.line(`Playable (${seconds(performance.now() - started)})`)
    }
    if (video.status === 'ready' || video.status === 'failed') return video
    console.update(`Transcoding ${Math.floor(video.progress.percent)} % ${video.progress.stage ?? ''}`.trimEnd())
    return false
  }
  const video = await until(look, { timeoutMs: GIVE_UP_MS, every: WATCH_MS })
  if (video.status === 'failed') throw new Error(`The video failed: ${video.error?.detail ?? video.error?.code}`)
  const ladder = video.renditions.map(({ name }) => name).join(', ')
  console.line(`Ready: ${ladder} (${seconds(performance.now() - started)})`)
}

/** Writes an MP4 with a moving test image and a tone: 1280×720, 30 frames a second, H.264 and AAC. */
async function createClip(file: string): Promise<void> {
  const video = ['-f', 'lavfi', '-i', 'testsrc2=size=1280x720:rate=30']
  const tone = ['-f', 'lavfi', '-i', 'sine=frequency=440:sample_rate=48000']
  const codecs = ['-c:v', 'libx264', '-preset', 'veryfast', '-pix_fmt', 'yuv420p', '-c:a', 'aac']
  const args = ['-hide_banner', '-loglevel', 'error', ...video, ...tone, '-t', CLIP_SECONDS, ...codecs, '-y', file]
  await promisify(execFile)('ffmpeg', args)
}
