import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join, resolve } from 'node:path'
import type { Lifecycle } from '@kinora/common/service'
import { until } from '../until.ts'
import { type ApiClient, createApiClient, type Video } from './api-client.ts'
import { bringUp } from './bring-up.ts'
import { type Console, seconds } from './console.ts'
import { makeClip } from './make-clip.ts'
import { runCommand } from './run-command.ts'
import { startArguments } from './start-arguments.ts'

const WATCH_MS = 500
const GIVE_UP_MS = 3_600_000
const TOKEN_SECONDS = 3600
/** Whoever tries it brings the file that he has; the services' own default is for strangers. */
const LARGEST_FILE = String(64 * 2 ** 30)

/** `npm run demo [file]`: the whole system, and one video through it; keeps serving until Ctrl-C. */
await runCommand(async (life, console) => {
  // npm runs us in the checkout's root; the path was typed somewhere else.
  const { change, files } = startArguments(process.argv.slice(2), 1)
  const given = files[0] && resolve(process.env.INIT_CWD ?? '.', files[0])
  if (given) statSync(given)
  const { publicUrl } = await bringUp(life, console, { change, defaults: { MAX_UPLOAD_BYTES: LARGEST_FILE } })
  const file = given ?? (await console.step('Clip made: 20 s of test picture and tone', () => clip(life)))
  const api = createApiClient(publicUrl)
  await signIn(api, console)
  const started = performance.now()
  const videoId = await upload(api, file, console)
  await watch(api, videoId, console)
  console.line(`From upload to ready: ${seconds(performance.now() - started)}`)
  const { hlsUrl } = await api.createPlaybackToken(videoId, TOKEN_SECONDS)
  console.line('')
  console.line(`HLS: ${new URL(hlsUrl, publicUrl).href}`)
  console.line('Open it in Safari, VLC, mpv or ffplay. The link is good for an hour. Ctrl-C stops everything.')
})

async function clip(life: Lifecycle): Promise<string> {
  const folder = mkdtempSync(join(tmpdir(), 'kinora-clip-'))
  life.use(folder, 'clip', (it) => rmSync(it, { recursive: true, force: true }))
  const file = join(folder, 'test-picture.mp4')
  await makeClip(file)
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
