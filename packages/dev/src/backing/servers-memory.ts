import { join } from 'node:path'
import { fromPrivateFile, replacePrivateFile } from '../private-files.ts'
import type { Backing } from './backing.ts'

export const BACKING_KINDS = ['native', 'docker', 'environment'] as const satisfies readonly Backing['kind'][]
export type BackingKind = (typeof BACKING_KINDS)[number]

/** One set of servers that hold data of this installation. */
export interface KnownServers {
  kind: BackingKind
  /** Where PostgreSQL keeps the data: a folder, a Docker volume, or a host and port. Never a password. */
  at: string
  /** Name of the folder for files, inside the installation's folder; files belong to one database only. */
  storage: string
}

export interface ServersMemory {
  current: KnownServers
  /** Servers used before; they keep their data, and it is used again when they are chosen again. */
  others: KnownServers[]
}

/** Undefined before the first start, and in a folder of a version that had no memory. */
export function readServersMemory(dir: string): ServersMemory | undefined {
  return fromPrivateFile(fileIn(dir))
}

export function rememberServers(dir: string, memory: ServersMemory): void {
  replacePrivateFile(fileIn(dir), memory)
}

/** The memory with `next` in use and all earlier servers among the others. */
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
