import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const EVERY_MS = 500
/** Many times the files of the longest chunk. */
const MAX_FILES = 20_000
const BLOCK = 512

/**
 * Looks at how much room the files of a folder take while a tool writes there, and calls `onExcess` once when it has grown by
 * more than `maxBytes`.
 */
export function watchFolder(folder: string, maxBytes: number, onExcess: () => void): { stop(): void } {
  let timer: NodeJS.Timeout | undefined
  let stopped = false
  let before: number | undefined
  const look = async () => {
    const { bytes, files } = await measure(folder)
    if (stopped) return
    before ??= bytes
    if (bytes > before + maxBytes || files > MAX_FILES) return onExcess()
    timer = setTimeout(look, EVERY_MS)
  }
  void look()
  return {
    stop: () => {
      stopped = true
      clearTimeout(timer)
    },
  }
}

async function measure(folder: string): Promise<{ bytes: number; files: number }> {
  const sum = { bytes: 0, files: 0 }
  const folders = [folder]
  for (let next = folders.pop(); next !== undefined && sum.files <= MAX_FILES; next = folders.pop()) {
    for (const entry of await readdir(next, { withFileTypes: true }).catch(() => [])) {
      const path = join(next, entry.name)
      sum.files += 1
      if (entry.isDirectory()) folders.push(path)
      else if (entry.isFile()) sum.bytes += await roomOf(path)
    }
  }
  return sum
}

/** Missing: it was moved away or renamed at this moment. */
async function roomOf(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null)
  return (found?.blocks ?? 0) * BLOCK
}
