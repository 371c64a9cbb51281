import { existsSync } from 'node:fs'
import { join } from 'node:path'
import type { Backing, BackingOptions } from './backing.ts'
import { type Choice, chooseServers, type FoundData, unavailable } from './choose-servers.ts'
import { volumeName } from './docker/docker-backing.ts'
import { dockerImagesMissing, volumeExists } from './docker/docker-engine.ts'
import { backingFromEnvironment, serverAddress } from './from-environment.ts'
import {
  type BackingKind,
  type KnownServers,
  readServersMemory,
  rememberServers,
  withCurrent,
} from './servers-memory.ts'
import { startKind, withLockedFolder } from './start-backing.ts'

type Prepared = { choice: Choice; found: FoundData }

export type DurableOptions = Omit<BackingOptions, 'durable'> & {
  /** The kind to change to; without it only the servers of the last start are used. */
  change?: BackingKind | undefined
}

export type DurableBacking = Backing & {
  servers: KnownServers
  /** The servers were used before, so a missing database was lost and must not be created. */
  continues: boolean
  /** Records the servers as this folder's; to be called once they hold data. */
  remember(): void
}

/**
 * Starts the servers of an installation that keeps its data: those of its last start. Throws, saying where the data is,
 * when they cannot be used.
 */
export function startDurableBacking(options: DurableOptions): Promise<DurableBacking> {
  return withLockedFolder(options.dir, async () => {
    const { dir, log } = options
    const prepared = await choose(options)
    const { choice } = prepared
    const { servers, why } = await firstUsable(prepared, options)
    for (const note of choice.notes) log(note)
    const backing = await startKind(servers.kind, { dir, log, durable: true }, why).catch((error: Error) => {
      throw choice.continues ? new Error(unavailable(servers, dir, error.message), { cause: error }) : error
    })
    const remember = () => rememberServers(dir, withCurrent(choice.memory, servers))
    return { ...backing, servers, continues: choice.continues, remember }
  })
}

async function choose({ dir, change }: DurableOptions): Promise<Prepared> {
  const memory = readServersMemory(dir)
  const volume = volumeName(dir, 'postgres')
  const askDocker = memory === undefined || memory.current.kind === 'docker' || change === 'docker'
  const found = await findData(dir, volume, askDocker)
  const given = backingFromEnvironment(process.env)
  const named = given && serverAddress(given.postgres.adminUrl)
  const choice = chooseServers({ dir, memory, change, forced: process.env.KINORA_BACKING, named, volume, found })
  return { choice, found }
}

/** The first usable candidate, and why the ones before it were not. Throws when none is usable. */
async function firstUsable(
  { choice, found }: Prepared,
  { dir, log }: DurableOptions,
): Promise<{ servers: KnownServers; why?: string }> {
  const obstacles: string[] = []
  for (const servers of choice.candidates) {
    const obstacle = await obstacleTo(servers.kind, choice.continues, found, log)
    if (!obstacle) return { servers, ...(obstacles[0] && { why: obstacles[0] }) }
    if (choice.continues) throw new Error(unavailable(servers, dir, obstacle))
    obstacles.push(obstacle)
  }
  throw new Error(`The servers cannot be used: ${obstacles.join('; ')}. Nothing was changed.`)
}

async function obstacleTo(
  kind: BackingKind,
  continues: boolean,
  found: FoundData,
  log: (line: string) => void,
): Promise<string | undefined> {
  if (kind === 'native' && continues && !found.native) return 'the folder is gone'
  if (kind !== 'docker') return undefined
  const obstacle = await dockerImagesMissing(log)
  if (obstacle) return `no Docker: ${obstacle}`
  return continues && found.docker !== true ? 'the Docker engine that answers has no such volume' : undefined
}

/** What earlier starts left in the folder and in Docker; `askDocker` is false when the answer does not matter. */
async function findData(dir: string, volume: string, askDocker: boolean): Promise<FoundData> {
  const has = (...path: string[]) => existsSync(join(dir, ...path))
  return {
    native: has('postgres', 'data'),
    docker: askDocker ? await volumeExists(volume) : 'unknown',
    secrets: has('secrets.json'),
    serverPasswords: has('backing.json'),
  }
}
