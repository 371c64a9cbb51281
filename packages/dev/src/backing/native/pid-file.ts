import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { startTimeOf } from './process-identity.ts'

/** Remembers which process is ours, so that a later run can tell it from a stranger with a reused pid. */
export function writePidFile(path: string, pid: number): void {
  writeFileSync(path, JSON.stringify({ pid, startTime: startTimeOf(pid) }), { mode: 0o600 })
}

/** The pid when that very process still runs; otherwise `undefined`, and a stale file is removed. */
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
    // Half-written by a run that was killed: as stale as a dead pid.
  }
  rmSync(path, { force: true })
  return undefined
}
