import { readdirSync, readFileSync, readlinkSync } from 'node:fs'

/** proc(5): clock ticks are hundredths of a second on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

/** Processor seconds of a running process, user and system; 0 when it has ended. */
export function processCpuSeconds(pid: number): number {
  const stat = read(`/proc/${pid}/stat`)
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime and stime are fields 14 and 15, counted from 1; the first two words are cut off.
  return (Number(fields[11] ?? 0) + Number(fields[12] ?? 0)) / TICKS_A_SECOND
}

/** Ids of the processes with this program name that work in a folder, or were told of it. */
export function processesIn(folder: string, program: string): number[] {
  const pids = readdirSync('/proc').map(Number).filter(Number.isInteger)
  return pids.filter((pid) => {
    if (read(`/proc/${pid}/comm`).trim() !== program) return false
    return workingFolder(pid).startsWith(folder) || read(`/proc/${pid}/cmdline`).includes(folder)
  })
}

/** Bytes of memory that a process has in RAM now. */
export function residentBytes(pid: number): number {
  return Number(/^VmRSS:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`))?.[1] ?? 0) * 1024
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // It has ended meanwhile.
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
