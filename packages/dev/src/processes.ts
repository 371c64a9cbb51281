import { type ChildProcess, execFileSync, type SpawnOptions, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { findBinary } from './backing/native/binaries.ts'

export type SpawnChild = SpawnOptions & {
  command: string
  args: string[]
  /** The kernel sends it to the child when this process is killed, so that no child is left over. */
  deathSignal: NodeJS.Signals
  /** `setpriv` options, from dropPrivileges. */
  privileges?: string[]
}

/**
 * Starts a child in its own session (`detached`): Ctrl-C at the terminal reaches the whole foreground process group, but the
 * parent decides in which order processes stop. `--pdeathsig` (prctl(2), PR_SET_PDEATHSIG) ends the child when we are
 * killed; on a machine without setpriv the next start ends it, by the pid file.
 */
export function spawnChild({ command, args, deathSignal, privileges = [], ...options }: SpawnChild): ChildProcess {
  const setpriv = findBinary('setpriv')
  if (!setpriv) return spawn(command, args, { ...options, detached: true })
  const wrapped = [...privileges, `--pdeathsig=${deathSignal.slice(3)}`, command, ...args]
  return spawn(setpriv, wrapped, { ...options, detached: true })
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}

/** Records pid and start time of a child, so that a later run can distinguish it from another process with a reused pid. */
export function writePidFile(path: string, pid: number): void {
  writeFileSync(path, JSON.stringify({ pid, startTime: startTimeOf(pid) }), { mode: 0o600 })
}

/** The recorded pid when that process still runs; otherwise `undefined`, and a stale file is removed. */
export function readLivePid(path: string): number | undefined {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch {
    return undefined
  }
  try {
    const { pid, startTime } = JSON.parse(text) as { pid: number; startTime?: string }
    if (startTime && startTimeOf(pid) === startTime) return pid
  } catch {
    // Half-written by a run that was killed: as stale as the pid of an ended process.
  }
  rmSync(path, { force: true })
  return undefined
}

/**
 * The start time of a process, which tells it from a later one with the same pid: on Linux field 22 of /proc/PID/stat, in
 * clock ticks since boot; elsewhere what `ps` prints. `undefined` when there is no such process.
 */
export function startTimeOf(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) {
    const stat = procStat(pid)
    // A zombie has ended and waits only for its parent to read its exit code.
    return stat && stat.state !== 'Z' ? stat.startTime : undefined
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

/** The pids of a process and all its descendants, parents first. On a system without /proc, only its own pid. */
export function processTree(pid: number): number[] {
  const children = new Map<number, number[]>()
  for (const name of existsSync('/proc/self/stat') ? readdirSync('/proc') : []) {
    const child = Number(name)
    const parent = Number.isInteger(child) ? procStat(child)?.parent : undefined
    if (parent !== undefined) children.set(parent, [...(children.get(parent) ?? []), child])
  }
  const tree = [pid]
  for (const member of tree) tree.push(...(children.get(member) ?? []))
  return tree
}

function procStat(pid: number): { state?: string; parent: number; startTime?: string } | undefined {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8')
    // The second field is the command in brackets and may itself hold spaces and brackets (proc(5)).
    const fields = text.slice(text.lastIndexOf(')') + 2).split(' ')
    return { state: fields[0], parent: Number(fields[1]), startTime: fields[19] }
  } catch {
    return undefined
  }
}
