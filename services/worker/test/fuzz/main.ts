import { copyFile, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { TaskFailure } from '../../src/domain/task-failure.ts'
import { createSeeds } from '../corpus/seeds.ts'
import { createClip } from '../support/clips.ts'
import { processSource } from '../support/process-source.ts'
import { watchMemory } from '../support/watch-memory.ts'
import { openLocalWorker } from './local-worker.ts'
import { mutate, randomNumbers } from './mutations.ts'

/** Changes good files at random and runs all tasks on them, until the time is over; keeps files that cause a finding. */
const { values } = parseArgs({
  options: { minutes: { type: 'string', default: '5' }, seed: { type: 'string' }, keep: { type: 'string' } },
})
const first = Number(values.seed ?? Date.now() % 1_000_000)
const until = performance.now() + Number(values.minutes) * 60_000
const worker = await openLocalWorker()
const memory = watchMemory()
const seeds = await createSeeds(worker.folder, 'http://127.0.0.1:9/')
const copy = (name: string, ...args: string[]) =>
  createClip(worker.folder, name, '-i', join(worker.folder, 'seed.mp4'), ...args).then((path) => readFile(path))
const good = [
  seeds.mp4,
  seeds.ts,
  await copy('seed.mkv', '-c', 'copy'),
  await copy('seed.avi', '-c:v', 'mpeg4', '-c:a', 'mp3'),
  await copy('seed.webm', '-c:v', 'libvpx', '-c:a', 'libopus'),
  await copy('seed.flv', '-c', 'copy'),
  await copy('fragmented.mp4', '-c', 'copy', '-movflags', 'frag_keyframe+empty_moov'),
]
process.stdout.write(`Seed ${first}\n`)

/** An input fault is the expected outcome; a host fault or an unknown error is a finding. */
async function outcomeOf(sourceKey: string): Promise<{ told: string; isFinding: boolean }> {
  try {
    await processSource(worker.work, sourceKey)
    return { told: 'ready', isFinding: false }
  } catch (error) {
    if (!(error instanceof TaskFailure)) return { told: String((error as Error).stack), isFinding: true }
    const { taskCause, diagnosis } = error
    const isFinding = taskCause.class === 'host'
    return { told: isFinding ? `${taskCause.code}: ${diagnosis}` : taskCause.code, isFinding }
  }
}

const counts: Record<string, number> = {}
let [seed, findings] = [first, 0]
for (; performance.now() < until; seed += 1) {
  const random = randomNumbers(seed)
  const base = good[Math.floor(random() * good.length)] ?? seeds.mp4
  const path = join(worker.folder, 'mutated')
  await writeFile(path, mutate(base, random))
  if (values.keep) await copyFile(path, `${path}.kept`)
  await worker.store.adopt(path, `sources/${seed}`)
  const { told, isFinding } = await outcomeOf(`sources/${seed}`)
  const left = await readdir(worker.workDir)
  const label = isFinding ? 'finding' : told
  counts[label] = (counts[label] ?? 0) + 1
  if (!isFinding && left.length === 0) continue
  findings += 1
  process.stdout.write(`Seed ${seed}: ${told} ${left.join(' ')}\n`)
  if (!values.keep) continue
  await mkdir(values.keep, { recursive: true })
  await copyFile(`${path}.kept`, join(values.keep, `${seed}.bin`))
}
memory.stop()
await worker.close()
const most = Math.round(memory.highest() / 1024 / 1024)
process.stdout.write(`${seed - first} files, ${findings} findings, ${JSON.stringify(counts)}, at most ${most} MiB\n`)
process.exitCode = findings > 0 || memory.highest() > worker.memoryBytes ? 1 : 0
