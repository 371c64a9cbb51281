import { execFileSync } from 'node:child_process'
import { chmod, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { openSandboxes, type Sandbox } from '@kinora/worker/choose-sandbox'
import { runTool, type ToolRun, type Tools } from '@kinora/worker/run-tool'
import { median } from './median.ts'

const PROBES = 50
const TRANSCODES = 5
const CLIP_SECONDS = 10
const LIMITS = { memoryBytes: 2 ** 31, cpuSeconds: 600, wallSeconds: 600 }
const OUTPUT_BYTES = 2 ** 30

/**
 * What a sandbox costs: runs of ffprobe and of ffmpeg on one clip in each sandbox that this machine offers, by turns with the
 * same runs that have limits alone. Medians of milliseconds on the clock, from the start to the end of a run, and of
 * processor seconds as ffmpeg reports them, because the kernel does not put them on our account.
 *
 *   npm run bench -- sandbox
 */
export async function sandboxBench(print: (line: string) => void = console.log): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'kinora-bench-'))
  try {
    // A tool may be another user.
    await chmod(folder, 0o777)
    const clip = ['-f', 'lavfi', '-i', `testsrc2=size=1280x720:rate=25:duration=${CLIP_SECONDS}`, '-c:v', 'libx264']
    execFileSync('ffmpeg', ['-v', 'error', ...clip, '-preset', 'veryfast', '-f', 'mp4', join(folder, 'source')])
    const sandboxes = await openSandboxes()
    print(`sandbox: ${sandboxes.map(({ kind }) => kind).join(' against ')}`)
    const probe = ['-v', 'error', '-show_entries', 'stream=codec_name', 'file:source']
    await compare(sandboxes, { command: 'ffprobe', args: probe, cwd: folder }, PROBES, print)
    const encode = ['-i', 'file:source', '-c:v', 'libx264', '-preset', 'veryfast', '-threads', '2', '-f', 'null', '-']
    const args = ['-nostdin', '-nostats', '-benchmark', ...encode]
    await compare(sandboxes, { command: 'ffmpeg', args, cwd: folder }, TRANSCODES, print)
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function compare(
  sandboxes: Sandbox[],
  run: Pick<ToolRun, 'command' | 'args' | 'cwd'>,
  rounds: number,
  print: (line: string) => void,
): Promise<void> {
  const results = sandboxes.map((sandbox) => ({ sandbox, ms: [] as number[], cpu: [] as number[] }))
  for (let round = 0; round < rounds; round += 1) {
    for (const { sandbox, ms, cpu } of results) {
      const clock = performance.now()
      const tools = { sandbox, limits: LIMITS } as Tools
      const signal = new AbortController().signal
      const { exitCode, stderr } = await runTool(tools, { ...run, outputBytes: OUTPUT_BYTES, signal })
      if (exitCode !== 0) throw new Error(stderr)
      ms.push(performance.now() - clock)
      const [, user = 0, system = 0] = /bench: utime=([\d.]+)s stime=([\d.]+)s/.exec(stderr) ?? []
      cpu.push(Number(user) + Number(system))
    }
  }
  for (const { sandbox, ms, cpu } of results) {
    const seconds = median(cpu) > 0 ? `, ${median(cpu).toFixed(3)} processor seconds` : ''
    print(`  ${run.command} × ${rounds}, ${sandbox.kind}: ${median(ms).toFixed(1)} ms${seconds}`)
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await sandboxBench()
