import type { ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasExited, spawnChild } from '../processes.ts'
import { waitUntilReady } from '../until.ts'

export type ServiceProcessOptions = {
  name: string
  /** The built program: `services/<service>/dist/main.js`. */
  entry: string
  env: Record<string, string>
  internalUrl: string
  onLine: (line: string) => void
  /** It runs but refuses requests, because its files do not belong to its database; an operator must decide what to do. */
  onStoreProblem: (problem: string) => void
  /** It ended without `signal` or `stop`. */
  onUnexpectedExit: (how: string) => void
}

export type ServiceProcess = {
  readonly running: boolean
  /**
   * Resolves when `/readyz` answers 200, or a problem with the store that only an operator can solve. Throws with the
   * last lines of its log when the process ends or is not ready within 60 s.
   */
  start(): Promise<void>
  /** Resolves at once after SIGSTOP and SIGCONT, and after any other signal when the process has ended. */
  signal(signal: NodeJS.Signals): Promise<void>
  /** Sends SIGTERM, and SIGKILL after 30 s. */
  stop(): Promise<void>
  lastLines(): string[]
}

const READY_MS = 60_000
// A little longer than the services' own limit (packages/common/src/service/run.ts).
const GRACE_MS = 30_000
const KEPT_LINES = 40

export function createServiceProcess(options: ServiceProcessOptions): ServiceProcess {
  const lines: string[] = []
  let child: ChildProcess | undefined
  let wanted = false

  function keep(line: string): void {
    lines.push(line)
    if (lines.length > KEPT_LINES) lines.shift()
    options.onLine(line)
  }

  async function start(): Promise<void> {
    const started = launch(options, keep)
    // Set before it is ready, so that `stop` finds it.
    child = started
    wanted = true
    let ready = false
    started.once('exit', () => {
      if (wanted && ready && child === started) options.onUnexpectedExit(howItEnded(started))
    })
    try {
      const ended = () => (hasExited(started) ? howItEnded(started) : undefined)
      await waitUntilReady(() => probe(options), { timeoutMs: READY_MS, ended })
      ready = true
    } catch (error) {
      await stop()
      throw new Error(`${options.name} did not start: ${(error as Error).message}\n${lines.slice(-15).join('\n')}`, {
        cause: error,
      })
    }
  }

  async function signal(name: NodeJS.Signals): Promise<void> {
    if (!child || hasExited(child)) return
    if (name === 'SIGSTOP' || name === 'SIGCONT') return void child.kill(name)
    wanted = false
    const exited = once(child, 'exit')
    child.kill(name)
    await exited
  }

  async function stop(): Promise<void> {
    const stopped = signal('SIGTERM')
    const late = new AbortController()
    const killer = sleep(GRACE_MS, undefined, { signal: late.signal }).then(
      () => void child?.kill('SIGKILL'),
      () => {},
    )
    await stopped
    late.abort()
    await killer
  }

  return {
    get running() {
      return child !== undefined && !hasExited(child)
    },
    start,
    signal,
    stop,
    lastLines: () => [...lines],
  }
}

function launch({ entry, env }: ServiceProcessOptions, onLine: (line: string) => void): ChildProcess {
  const child = spawnChild({
    command: process.execPath,
    args: ['--enable-source-maps', entry],
    env,
    stdio: ['ignore', 'pipe', 'pipe'],
    deathSignal: 'SIGTERM',
  })
  for (const stream of [child.stdout, child.stderr]) {
    if (stream) createInterface({ input: stream }).on('line', onLine)
  }
  return child
}

async function probe({ internalUrl, onStoreProblem }: ServiceProcessOptions): Promise<void> {
  const answer = await fetch(`${internalUrl}/readyz`, { signal: AbortSignal.timeout(2000) })
  const text = await answer.text()
  if (answer.ok) return
  const problem = storeProblem(text)
  if (problem === undefined) throw new Error(`/readyz answered ${answer.status}: ${text}`)
  onStoreProblem(problem)
}

/** The problem with the store, when that is the only failed check. */
function storeProblem(report: string): string | undefined {
  const { checks = {} } = JSON.parse(report) as {
    checks?: Record<string, { ok: boolean; detail?: { problem?: string } }>
  }
  const failed = Object.entries(checks).filter(([, { ok }]) => !ok)
  return failed.length === 1 && failed[0]?.[0] === 'storage' ? failed[0][1].detail?.problem : undefined
}

function howItEnded(child: ChildProcess): string {
  return child.signalCode ? `it was killed by ${child.signalCode}` : `it exited with ${child.exitCode}`
}
