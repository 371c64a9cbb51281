import { readFileSync } from 'node:fs'

/** proc(5): clock ticks are hundredths of a second on every Linux that Node runs on. */
const TICKS_A_SECOND = 100

/** Processor seconds of this process and of all children that have ended, user and system. */
export function cpuSeconds(): number {
  const stat = readFileSync('/proc/self/stat', 'utf8')
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
  // utime, stime, cutime, cstime are fields 14 to 17, counted from 1; the first two words are cut off.
  const ticks = [11, 12, 13, 14].map((index) => Number(fields[index]))
  return ticks.reduce((sum, value) => sum + value, 0) / TICKS_A_SECOND
}
