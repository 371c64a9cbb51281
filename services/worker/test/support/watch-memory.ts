import { readFileSync } from 'node:fs'

const EVERY_MS = 10

/** Polls the child processes of this process for the memory that they have allocated and filled, in bytes. */
export function watchMemory(): { highest(): number; stop(): void } {
  let highest = 0
  const timer = setInterval(() => {
    for (const pid of read(`/proc/self/task/${process.pid}/children`).split(' ').filter(Boolean)) {
      const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? []
      highest = Math.max(highest, Number(kilobytes ?? 0) * 1024)
    }
  }, EVERY_MS)
  return { highest: () => highest, stop: () => clearInterval(timer) }
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended.
    return ''
  }
}
