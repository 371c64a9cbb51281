import { rmSync } from 'node:fs'
import { join } from 'node:path'
import { readLivePid, writePidFile } from './native/pid-file.ts'

/** Throws when another living process uses the folder; returns what gives it back. A dead process's lock does not count. */
export function lockFolder(dir: string): () => void {
  const file = join(dir, 'owner.pid')
  const owner = readLivePid(file)
  if (owner) throw new Error(`Kinora is already running in ${dir} (process ${owner}). Stop that one first.`)
  writePidFile(file, process.pid)
  return () => rmSync(file, { force: true })
}
