import { chmodSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** The value in a JSON file. When there is no such file, writes what `create` returns, readable for its owner only. */
export function keptInPrivateFile<T>(file: string, create: () => T): T {
  const kept = fromPrivateFile<T>(file)
  if (kept !== undefined) return kept
  const value = create()
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
  writeFileSync(file, JSON.stringify(value, null, 2), { mode: 0o600, flag: 'wx' })
  return value
}

/** The value in a JSON file; undefined when there is no such file. */
export function fromPrivateFile<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** Replaces a JSON file atomically, so that a crash does not lose the old content. */
export function replacePrivateFile(file: string, value: unknown): void {
  const next = `${file}.${process.pid}`
  writeFileSync(next, JSON.stringify(value, null, 2), { mode: 0o600 })
  renameSync(next, file)
}

/** Makes a folder of logs, and the files that it has, readable for their owner only, because logs name accounts and addresses. */
export function preparePrivateLogs(dir: string): void {
  mkdirSync(dir, { recursive: true, mode: 0o700 })
  chmodSync(dir, 0o700)
  for (const entry of readdirSync(dir, { withFileTypes: true })) {
    if (entry.isFile()) chmodSync(join(dir, entry.name), 0o600)
  }
}
