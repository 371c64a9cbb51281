import { mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'

/** What the file holds; the first time, what `make` returns, kept in it for its owner alone. */
export function keptInPrivateFile<T>(file: string, make: () => T): T {
  const kept = fromPrivateFile<T>(file)
  if (kept !== undefined) return kept
  const value = make()
  mkdirSync(dirname(file), { recursive: true, mode: 0o711 })
  writeFileSync(file, JSON.stringify(value, null, 2), { mode: 0o600, flag: 'wx' })
  return value
}

/** Undefined when there is no such file. */
export function fromPrivateFile<T>(file: string): T | undefined {
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as T
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
    return undefined
  }
}

/** Whole or not at all, so that a crash does not lose what was there. */
export function replacePrivateFile(file: string, value: unknown): void {
  const next = `${file}.${process.pid}`
  writeFileSync(next, JSON.stringify(value, null, 2), { mode: 0o600 })
  renameSync(next, file)
}
