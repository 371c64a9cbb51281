import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openWalls } from '@kinora/worker/choose-wall'
import { runTool, type Tools } from '@kinora/worker/run-tool'
import { median } from './median.ts'
import { familyCpuSeconds } from './process-cpu.ts'

const PROBES = 50
const TRANSCODES = 5
const CLIP_SECONDS = 10
const LIMITS = { memoryBytes: 2 ** 31, cpuSeconds: 600, wallSeconds: 600 }
const OUTPUT_BYTES = 2 ** 30

/**
 * What a wall costs: runs of ffprobe and of ffmpeg on one clip behind each wall that this machine offers, by turns with the
 * same runs that have limits alone. Milliseconds on the clock, median; and
 * processor seconds, mean, because the kernel counts them in hundredths.
 *
 *   npx tsx --conditions=development bench/wall.bench.ts      (after npm run build)
 */
export async function wallBench(print: (line: string) => void = console.log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-bench-'))
  try {
    // A tool may be another user.
    await chmod(folder, 0o777)
    const clip = ['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=25:duration=${CLIP_SECONDS}`, '-c:v', 'libx264']
    execFileSync('ffmpeg', ['-v', 'error', ...clip, '-preset', 'veryfast', '-f', 'mp4', join(folder, 'source')])
    const walls = await openWalls()
    print(`wall: ${walls.map(({ kind }) => kind).join(' against ')}`)
    const probe = ['-v', 'error', '-show_entries', 'stream=codec_name', 'file:source']
    await compare('ffprobe', probe, PROBES)
    const encode = ['-c:v', 'libx264', '-preset', 'veryfast', '-threads', '2', '-f', 'mp4', 'out.mp4']
    await compare('ffmpeg', ['-v', 'error', '-nostdin', '-y', '-i', 'file:source', ...encode], TRANSCODES)

    async function compare(command: string, args: string[], rounds: number): Promise<void> {
      const results = new Map(walls.map(({ kind }) => [kind, { ms: [] as number[], cpu: 0 }]))
      for (let round = 0; round < rounds; round += 1) {
        for (const wall of walls) {
          const [clock, cpu] = [performance.now(), familyCpuSeconds(process.pid)]
          const tools = { wall, limits: LIMITS } as Tools
          const signal = new AbortController().signal
          const { exitCode, stderr } = await runTool(tools, {
            command,
            args,
            cwd: folder,
            outputBytes: OUTPUT_BYTES,
            signal,
          })
          if (exitCode !== 0) throw new Error(stderr)
          const result = results.get(wall.kind)
          if (!result) continue
          result.ms.push(performance.now() - clock)
          result.cpu += familyCpuSeconds(process.pid) - cpu
        }
      }
      for (const [kind, { ms, cpu }] of results) {
        print(
          `  ${command} × ${rounds}, ${kind}: ${median(ms).toFixed(1)} ms, ${(cpu / rounds).toFixed(3)} processor seconds`,
        )
      }
    }
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await wallBench()
