import { type ChildProcess, spawn } from 'node:child_process'
import { writeFile } from 'node:fs/promises'
import { constants } from 'node:os'
import type { Readable, Writable } from 'node:stream'
import { NICENESS, type ProcessEnd, type ToolProcess } from './sandbox.ts'

/**
 * The environment of ffmpeg. One allocator arena: glibc otherwise reserves an arena for each thread, and the memory limit
 * would be reached long before the memory is used.
 */
const TOOL_ENVIRONMENT = { PATH: process.env.PATH ?? '/usr/bin:/bin', MALLOC_ARENA_MAX: '2' }

/**
 * Starts a command as the leader of its own process group, so that one signal reaches it and its children.
 * @param input bytes that it can read from file descriptor 3
 */
export function startProcess(words: readonly string[], cwd: string, input?: Buffer): ToolProcess {
  const [command = '', ...args] = words
  const child = spawn(command, args, {
    cwd,
    env: TOOL_ENVIRONMENT,
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe', ...(input ? (['pipe'] as const) : [])],
  })
  const end = ended(child)
  if (input) {
    const pipe = child.stdio[3] as Writable
    // The process may end without reading.
    pipe.on('error', () => {})
    pipe.end(input)
  }
  void lowerSession(child)
  return {
    stdout: child.stdout as Readable,
    stderr: child.stderr as Readable,
    ended: end,
    signal: (signal) => signalGroup(child, signal),
  }
}

function ended(child: ChildProcess): Promise<ProcessEnd> {
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('close', (exitCode, killedBy) => resolve({ exitCode, killedBy }))
  })
}

/**
 * Each tool leads a session, and Linux divides processor time between sessions first: with `nice` alone, the services would
 * get no larger share than each ffmpeg. Kernels without this file do not distinguish sessions (sched(7), autogroup).
 */
async function lowerSession({ pid }: ChildProcess): Promise<void> {
  if (pid !== undefined) await writeFile(`/proc/${pid}/autogroup`, String(NICENESS)).catch(() => {})
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  try {
    process.kill(-child.pid, signal)
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
  }
}

/** Translates the exit code of a program that ran a tool as its child: 128 plus the number of the signal that killed the tool. */
export function endOfTool({ exitCode, killedBy }: ProcessEnd): ProcessEnd {
  if (exitCode === null || exitCode <= 128) return { exitCode, killedBy }
  const [name] = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128) ?? []
  return name === undefined ? { exitCode, killedBy } : { exitCode: null, killedBy: name as NodeJS.Signals }
}

/** Whether a command runs on this machine and exits with 0. */
export function succeeds([command, ...args]: string[]): Promise<boolean> {
  return new Promise((resolve) => {
    const child = spawn(command ?? '', args, { stdio: 'ignore', timeout: 5000 })
    child.once('error', () => resolve(false))
    child.once('exit', (code) => resolve(code === 0))
  })
}
