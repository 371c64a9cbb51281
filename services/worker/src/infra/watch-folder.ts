import { lstat, readdir } from 'node:fs/promises'
import { join } from 'node:path'

const EVERY_MS = 500
/** More than the groups of pictures of the longest remux, each of which is a file for a moment. */
const MAX_FILES = 60_000
const BLOCK = 512

/**
 * Measures the disk usage of a folder twice a second while a tool writes to it, and calls `onExcess` once when it has grown
 * by more than `maxBytes`.
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
      else if (entry.isFile()) sum.bytes += await diskUsage(path)
    }
  }
  return sum
}

/** Bytes on disk; 0 when the file was moved or removed after it was listed. */
async function diskUsage(path: string): Promise<number> {
  const found = await lstat(path).catch(() => null)
  return (found?.blocks ?? 0) * BLOCK
}
