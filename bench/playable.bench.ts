import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'
import { Lifecycle } from '@kinora/common/service'
import { openInstallation, type System, startSystem } from '@kinora/dev/system'
import { type Account, call, sendSource, signUp } from './client.ts'
import { median, medianRatio } from './median.ts'
import { RIVALS, type Rival, timeToPlay } from './playable-baseline.ts'
import { createFilm, createHevcFilm, createPhoneClip } from './playable-clip.ts'

const ROUNDS = 3
/** Minutes of H.264, a short clip of a phone, and a minute of 10-bit HEVC. */
const FILMS = ['phone', 'hevc', '1', '10', '60']
const UNLIMITED = '100000000/60'

/**
 * Seconds from the last byte of an upload until a 1080p video can be played, through the running system with one idle worker,
 * against ffmpeg started at that moment on the same file, already on disk. Interleaved.
 *
 *   npx tsx --conditions=development bench/playable.bench.ts [phone] [hevc] [minutes …]      (after npm run build)
 */
export async function playableBench(films = FILMS, print: (line: string) => void = console.log): Promise<void> {
  const life = new Lifecycle()
  const dir = life.use(mkdtempSync(join(tmpdir(), 'kinora-bench-')), 'folder', (it) =>
    rmSync(it, { recursive: true, force: true }),
  )
  try {
    const silent = { line: () => {}, update: () => {}, step: <T>(_what: string, run: () => Promise<T>) => run() }
    const { installation, keys } = await openInstallation(dir, life, silent)
    const env = {
      MAX_UPLOAD_BYTES: `${16 * 2 ** 30}`,
      RATE_LIMIT_USER: UNLIMITED,
      RATE_LIMIT_UPLOAD: UNLIMITED,
    }
    const system = await startSystem({ installation, keys, dir, env, log: print })
    life.use(system, 'system', (it) => it.stop())
    const account = await signUp(system.gatewayUrl)
    print('seconds from the last byte of a 1080p upload to playable, one idle worker')
    for (const name of films) await compare({ system, account, dir, ...(await filmOf(name, dir)), print })
  } finally {
    await life.close()
  }
}

async function filmOf(name: string, dir: string): Promise<Pick<Bench, 'film' | 'name' | 'length'>> {
  if (name === 'phone') return { film: await createPhoneClip(dir), name: '3 s of 1080p60', length: 0 }
  if (name === 'hevc') return { film: await createHevcFilm(dir), name: '1 min of 10-bit HEVC', length: 0 }
  return { film: await createFilm(dir, Number(name)), name: `${name.padStart(2)} min`, length: Number(name) }
}

interface Bench {
  system: System
  account: Account
  dir: string
  film: string
  name: string
  /** Minutes; 0: it is not compared. */
  length: number
  print: (line: string) => void
}

async function compare({ system, account, dir, film, name, length, print }: Bench): Promise<void> {
  const ours: number[] = []
  const theirs = new Map<Rival, number[]>(
    RIVALS.filter(({ upTo }) => length > 0 && length <= upTo).map((rival) => [rival, []]),
  )
  for (let round = 0; round < ROUNDS; round += 1) {
    ours.push(await uploadUntilPlayable(account, film))
    // Ends the remaining tasks, which would slow down the next round.
    await system.kill('worker-1', 'SIGTERM')
    for (const [rival, seconds] of theirs) {
      if (seconds.length < rival.rounds) seconds.push(await timeToPlay(rival, film, join(dir, `rival-${round}`)))
    }
    await system.start('worker-1')
  }
  print(`  ${name}: Kinora ${inSeconds(median(ours))} (${ours.map(inSeconds).join(', ')})`)
  for (const [rival, seconds] of theirs) {
    const ratio = medianRatio(ours, seconds.length === 1 ? ours.map(() => seconds[0] ?? Number.NaN) : seconds)
    print(`          ${rival.name} ${inSeconds(median(seconds))}, ratio ${ratio.toFixed(3)}`)
  }
}

/** Seconds from the last byte of the upload until the video can be played. */
async function uploadUntilPlayable(account: Account, film: string): Promise<number> {
  const { id } = await call<{ id: string }>(account, 'POST', '/v1/videos', { title: 'A film' })
  const sentAt = await sendSource(account, id, film)
  for (;;) {
    const { playable, playback } = await call<Video>(account, 'GET', `/v1/videos/${id}`)
    if (playable && playback && (await fetch(playback.hlsUrl)).ok) break
    // More frequent requests would take much of a processor from the measured system.
    await sleep(50)
  }
  const seconds = (performance.now() - sentAt) / 1000
  await call(account, 'DELETE', `/v1/videos/${id}`)
  return seconds
}

interface Video {
  playable: boolean
  playback: { hlsUrl: string } | null
}

function inSeconds(seconds: number): string {
  return `${seconds.toFixed(1)} s`
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2)
  await playableBench(asked.length > 0 ? asked : undefined)
}
