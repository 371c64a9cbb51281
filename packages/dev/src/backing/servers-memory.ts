import { join } from 'node:path'
import { fromPrivateFile, replacePrivateFile } from '../private-json.ts'
import type { Backing } from './backing.ts'

export const BACKING_KINDS = ['native', 'docker', 'environment'] as const satisfies readonly Backing['kind'][]
export type BackingKind = (typeof BACKING_KINDS)[number]

/** One set of servers with data of this installation. */
export interface KnownServers {
  kind: BackingKind
  /** Where PostgreSQL keeps the data: a folder, a Docker volume, or a host and port. Never a password. */
  at: string
  /** The folder for files, inside the installation's own: files belong to one database and are useless to another. */
  storage: string
}

export interface ServersMemory {
  current: KnownServers
  /** Servers used before; their data stays with them, and they are continued when they are chosen again. */
  others: KnownServers[]
}

/** Undefined before the first start, and in a folder of a version that did not remember. */
export function readServersMemory(dir: string): ServersMemory | undefined {
  return fromPrivateFile(fileIn(dir))
}

export function rememberServers(dir: string, memory: ServersMemory): void {
  replacePrivateFile(fileIn(dir), memory)
}

/** What is remembered once `next` is in use. */
export function withCurrent(memory: ServersMemory | undefined, next: KnownServers): ServersMemory {
  const before = memory ? [memory.current, ...memory.others] : []
  return { current: next, others: before.filter((servers) => !areSame(servers, next)) }
}

export function areSame(a: Omit<KnownServers, 'storage'>, b: Omit<KnownServers, 'storage'>): boolean {
  return a.kind === b.kind && a.at === b.at
}

function fileIn(dir: string): string {
  return join(dir, 'servers.json')
}
