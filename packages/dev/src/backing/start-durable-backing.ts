import type { Backing, BackingOptions } from './backing.ts'
import { type Choice, chooseServers, type FoundData, unavailable } from './choose-servers.ts'
import { volumeName } from './docker/docker-backing.ts'
import { dockerImagesMissing } from './docker/docker-engine.ts'
import { findData } from './find-data.ts'
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
  /** The kind to change to; without it the servers of the last start are used, or none. */
  change?: BackingKind | undefined
}

export type DurableBacking = Backing & {
  servers: KnownServers
  /** The servers were used before: a database that they do not have was lost, not yet to be made. */
  continues: boolean
  /** To be called once the servers hold data: from then on they are this folder's. */
  remember(): void
}

/** The servers of an installation that lasts: those of its last start, or a refusal that says where its data is. */
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

/** The first of the candidates that can be used. */
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
