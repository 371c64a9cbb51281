import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync } from 'node:fs'

/**
 * What tells a process from a later one with the same pid: when it started.
 * Linux: field 22 of /proc/PID/stat, in clock ticks since boot; elsewhere what `ps` prints. `undefined`: no such process.
 */
export function startTimeOf(pid: number): string | undefined {
  if (existsSync('/proc/self/stat')) {
    const stat = procStat(pid)
    // A zombie has ended: it only waits for its parent to look.
    return stat && stat.state !== 'Z' ? stat.startTime : undefined
  }
  try {
    return execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' }).trim() || undefined
  } catch {
    return undefined
  }
}

/** The process and all that descend from it, parents first. Where there is no /proc, the process alone. */
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
