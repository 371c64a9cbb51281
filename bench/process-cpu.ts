import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** On every Linux that Node supports, a clock tick is a hundredth of a second (proc(5)). */
const TICKS_A_SECOND = 100

/** Processor seconds of a running process, user and system; 0 when it has ended. */
export function processCpuSeconds(pid: number): number {
  return ownAndChildren(pid)[0]
}

/** Processor seconds of a process and of all its ended children. */
export function familyCpuSeconds(pid: number): number {
  const [own, children] = ownAndChildren(pid)
  return own + children
}

function ownAndChildren(pid: number): [number, number] {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime, stime, cutime and cstime are fields 14 to 17, counted from 1; the first two words are cut off.
  const [user = 0, system = 0, childUser = 0, childSystem = 0] = fields.slice(11, 15).map(Number)
  return [(user + system) / TICKS_A_SECOND, (childUser + childSystem) / TICKS_A_SECOND]
}

/** Ids of processes with this program name that run in a folder or have it in their arguments. */
export function processesIn(folder: string, program: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => {
    if (read(`/proc/${pid}/comm`).trim() !== program) return false
    return workingFolder(pid).startsWith(folder) || read(`/proc/${pid}/cmdline`).includes(folder)
  })
}

/** Resident memory of a process in bytes. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended.
    return ''
  }
}

function workingFolder(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}
