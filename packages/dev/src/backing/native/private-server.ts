import type { ChildProcess, StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { closeSync, openSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { hasExited, processTree, readLivePid, spawnChild, startTimeOf, writePidFile } from '../../processes.ts'
import { waitUntilReady } from '../../until.ts'
import type { ServerControl } from '../backing.ts'

export type PrivateServer = {
  name: string
  command: string
  args: string[]
  env: NodeJS.ProcessEnv
  /** The folder of its pid file and its log. */
  dir: string
  /** `setpriv` options, from dropPrivileges. */
  privileges?: string[]
  /** The signal for an orderly stop. */
  stopSignal: 'SIGTERM' | 'SIGINT'
  probe: () => Promise<unknown>
  /** Starts it again when it ends unexpectedly. */
  durable: boolean
  log: (line: string) => void
}

const READY_MS = 60_000
const GRACE_MS = 15_000
/** Sockets and shared memory of a killed server are released within this time. */
const RETURN_PAUSE_MS = 1000
const RETURN_TRIES = 10

/**
 * Starts a server as a child process and resolves when it answers; ends one that a crashed run left over first. Throws with
 * the last lines of its log when it does not answer within 60 s.
 */
export async function startPrivateServer(server: PrivateServer): Promise<ServerControl> {
  const pidFile = join(server.dir, `${server.name}.pid`)
  const leftover = readLivePid(pidFile)
  if (leftover) {
    server.log(`${server.name}: ending process ${leftover}, left over by an earlier run`)
    await end(leftover, server.stopSignal)
  }

  let child: ChildProcess | undefined
  let up = false
  let dismissed = false

  async function start(): Promise<void> {
    const started = launch(server)
    await once(started, 'spawn')
    child = started
    up = false
    writePidFile(pidFile, pidOf(started))
    started.once('exit', () => {
      if (up && child === started) void comeBack()
    })
    const ended = () => (hasExited(started) ? `it exited with ${started.exitCode ?? started.signalCode}` : undefined)
    try {
      await waitUntilReady(server.probe, { timeoutMs: READY_MS, ended })
      up = true
    } catch (error) {
      await leave('SIGKILL')
      throw new Error(`${server.name} did not start: ${(error as Error).message}\n${lastLines(server)}`, {
        cause: error,
      })
    }
  }

  async function comeBack(): Promise<void> {
    server.log(`${server.name} ended unexpectedly\n${lastLines(server)}`)
    if (!server.durable) return
    for (let attempt = 1; attempt <= RETURN_TRIES; attempt++) {
      await sleep(RETURN_PAUSE_MS)
      if (dismissed) return
      try {
        await start()
        server.log(`${server.name} is back`)
        return
      } catch (error) {
        if (!dismissed) server.log((error as Error).message)
      }
    }
    server.log(`${server.name} does not answer after its restart; stop and start again`)
  }

  async function dismiss(signal: NodeJS.Signals): Promise<void> {
    dismissed = true
    await leave(signal)
  }

  async function leave(signal: NodeJS.Signals): Promise<void> {
    up = false
    if (child && !hasExited(child)) {
      // A process whose main thread has ended may still hold its sockets; it is over when its exit is reported.
      const exited = once(child, 'exit')
      await end(pidOf(child), signal)
      await exited
    }
    rmSync(pidFile, { force: true })
  }

  await start()
  return {
    start: () => {
      dismissed = false
      return start()
    },
    stop: () => dismiss(server.stopSignal),
    kill: () => dismiss('SIGKILL'),
    pause: async () => child && signalTree(pidOf(child), 'SIGSTOP'),
    resume: async () => child && signalTree(pidOf(child), 'SIGCONT'),
  }
}

function launch({ name, command, args, env, dir, privileges, stopSignal }: PrivateServer): ChildProcess {
  const output = openSync(join(dir, `${name}.log`), 'a', 0o600)
  try {
    const stdio: StdioOptions = ['ignore', output, output]
    return spawnChild({
      command,
      args,
      env,
      cwd: dir,
      stdio,
      deathSignal: stopSignal,
      ...(privileges && { privileges }),
    })
  } finally {
    closeSync(output)
  }
}

/** Signals the process and waits until it has ended; after 15 s kills the whole tree. */
async function end(pid: number, signal: NodeJS.Signals): Promise<void> {
  const startTime = startTimeOf(pid)
  const running = () => startTime !== undefined && startTimeOf(pid) === startTime
  const tree = processTree(pid)
  if (signal === 'SIGKILL') signalAll(tree, signal)
  else {
    // A frozen process does not handle other signals.
    signalAll(tree, 'SIGCONT')
    signalAll([pid], signal)
  }
  const deadline = performance.now() + GRACE_MS
  while (running() && performance.now() < deadline) await sleep(20)
  if (running()) signalAll(processTree(pid), 'SIGKILL')
  while (running()) await sleep(20)
}

function signalTree(pid: number, signal: NodeJS.Signals): void {
  signalAll(processTree(pid), signal)
}

function signalAll(pids: number[], signal: NodeJS.Signals): void {
  for (const pid of pids) {
    try {
      process.kill(pid, signal)
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}

function pidOf(child: ChildProcess): number {
  if (child.pid === undefined) throw new Error('The process was never started')
  return child.pid
}

function lastLines({ dir, name }: PrivateServer): string {
  return readFileSync(join(dir, `${name}.log`), 'utf8')
    .trimEnd()
    .split('\n')
    .slice(-15)
    .join('\n')
}
