import { readFileSync } from 'node:fs'

const EVERY_MS = 10

/** Polls all processes below this one for the memory that each has allocated and filled, in bytes. */
export function watchMemory(): { highest(): number; stop(): void } {
  let highest = 0
  const timer = setInterval(() => {
    for (const pid of descendants(process.pid)) {
      const [, kilobytes] = /^RssAnon:\s+(\d+) kB/m.exec(read(`/proc/${pid}/status`)) ?? []
      highest = Math.max(highest, Number(kilobytes ?? 0) * 1024)
    }
  }, EVERY_MS)
  return { highest: () => highest, stop: () => clearInterval(timer) }
}

function descendants(pid: number | string): string[] {
  const children = read(`/proc/${pid}/task/${pid}/children`).split(' ').filter(Boolean)
  return children.flatMap((child) => [child, ...descendants(child)])
}

function read(path: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    // The process has ended.
    return ''
  }
}
