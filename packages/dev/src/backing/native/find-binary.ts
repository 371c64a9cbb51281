import { accessSync, constants, readdirSync } from 'node:fs'
import { delimiter, join } from 'node:path'

// sbin is where Debian puts rabbitmq-server, and is often not on a user's PATH.
const USUAL_FOLDERS = [
  '/usr/local/sbin',
  '/usr/local/bin',
  '/usr/sbin',
  '/usr/bin',
  '/opt/homebrew/sbin',
  '/opt/homebrew/bin',
]

/** Looks in `first`, then on PATH, then in the usual folders. */
export function findBinary(name: string, first: string[] = []): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter).filter((folder) => folder.startsWith('/'))
  return [...first, ...onPath, ...USUAL_FOLDERS].map((folder) => join(folder, name)).find(isExecutable)
}

/** Debian keeps PostgreSQL's servers off the PATH, one folder per major version: the newest comes first. */
export function postgresFolders(): string[] {
  const root = '/usr/lib/postgresql'
  try {
    const versions = readdirSync(root).sort((a, b) => Number(b) - Number(a))
    return versions.map((version) => join(root, version, 'bin'))
  } catch {
    return []
  }
}

// The scripts themselves: /usr/sbin/rabbitmq-server in Debian is a wrapper that becomes the user rabbitmq.
export const RABBITMQ_FOLDERS = ['/usr/lib/rabbitmq/bin', '/opt/rabbitmq/sbin']

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}
