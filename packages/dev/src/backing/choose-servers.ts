import { join } from 'node:path'
import { areSame, BACKING_KINDS, type BackingKind, type KnownServers, type ServersMemory } from './servers-memory.ts'

/** Everything that the choice of an installation's servers depends on. */
export interface Circumstances {
  dir: string
  memory?: ServersMemory | undefined
  /** `--change-backing`. */
  change?: BackingKind | undefined
  /** KINORA_BACKING. */
  forced?: string | undefined
  /** Host and port of the PostgreSQL server that the environment names. */
  named?: string | undefined
  /** The name of PostgreSQL's Docker volume for this folder. */
  volume: string
  found: FoundData
}

export interface FoundData {
  /** Whether PostgreSQL's data is in the folder. */
  native: boolean
  /** Whether PostgreSQL's volume exists; `unknown` when no Docker engine answers. */
  docker: boolean | 'unknown'
  /** Whether the services' secrets exist, which every first start writes once its servers run. */
  secrets: boolean
  /** Whether administrators' passwords exist, which only servers started by Kinora have: native ones or containers. */
  serverPasswords: boolean
}

export interface Choice {
  /** One; on the very first start several, of which the first usable one is taken. */
  candidates: KnownServers[]
  /** The servers hold data of this installation, so a start without it must fail. */
  continues: boolean
  /** The memory so far, or what the data found suggests when there is no memory. */
  memory: ServersMemory | undefined
  /** What a change of servers will do, printed before it is done. */
  notes: string[]
}

/** Which servers a start uses. Throws, with instructions, when another choice than the last one would hide the data. */
export function chooseServers(circumstances: Circumstances): Choice {
  const asked = askedKind(circumstances)
  const memory = circumstances.memory ?? recognise(circumstances)
  const { dir, change } = circumstances
  if (!memory) {
    const kinds: BackingKind[] = asked ? [asked] : ['docker', 'native']
    const candidates = kinds.map((kind) => ({ kind, at: placeOf(kind, circumstances), storage: 'storage' }))
    return { candidates, continues: false, memory, notes: change ? mixedNotes(circumstances, candidates[0]) : [] }
  }
  const { current } = memory
  if (change) return changeTo({ kind: change, at: placeOf(change, circumstances) }, memory, circumstances)
  if (asked && asked !== current.kind) throw new Error(contradiction(asked, current, circumstances))
  const at = placeOf(current.kind, circumstances)
  if (current.kind === 'environment' && !circumstances.named) {
    throw new Error(
      `${whereIs(current, dir)}, but the environment names no servers. Set KINORA_POSTGRES_ADMIN_URL and the other servers' URLs again. ${howToChange('native|docker')}`,
    )
  }
  if (current.at !== at) {
    const elsewhere =
      current.kind === 'docker'
        ? `this folder's would be ${at}: the checkout was moved or copied. Move it back`
        : `the environment names ${at}. Name that server again`
    throw new Error(`${whereIs(current, dir)}, but ${elsewhere}. ${howToChange(current.kind)}`)
  }
  return { candidates: [current], continues: true, memory, notes: [] }
}

/** An error text: why remembered servers cannot be used, where their data is, and what to do. */
export function unavailable(servers: KnownServers, dir: string, obstacle: string): string {
  const others = BACKING_KINDS.filter((kind) => kind !== servers.kind).join('|')
  return `${whereIs(servers, dir)}, and these servers cannot be used: ${obstacle}\n${remedies[servers.kind]} Nothing was changed. ${howToChange(others)}`
}

const remedies: Record<BackingKind, string> = {
  native: 'Install the missing programs, or restore the folder.',
  docker: 'Start the Docker engine that has the volume; it needs the images or access to a registry.',
  environment: 'Start that server, or set the URLs to its current address.',
}

function whereIs({ kind, at }: Omit<KnownServers, 'storage'>, dir: string): string {
  const place = {
    native: `in ${join(dir, at)} (native servers)`,
    docker: `in the Docker volume ${at} (containers)`,
    environment: `on the PostgreSQL server ${at} (from the environment)`,
  }
  return `The accounts and videos of this installation are ${place[kind]}`
}

/** The kind that the flag, the URLs and KINORA_BACKING select; throws when they contradict each other. */
function askedKind({ change, forced, named }: Circumstances): BackingKind | undefined {
  const preset = BACKING_KINDS.find((kind) => kind === forced)
  if (forced && !preset) throw new Error(`KINORA_BACKING is ${forced}; it must be one of ${BACKING_KINDS.join(', ')}`)
  const wishes = [
    ...(change ? [{ kind: change, by: `--change-backing=${change}` }] : []),
    ...(preset ? [{ kind: preset, by: `KINORA_BACKING=${preset}` }] : []),
    ...(named ? [{ kind: 'environment' as const, by: `KINORA_POSTGRES_ADMIN_URL (${named})` }] : []),
  ]
  const [first, ...rest] = wishes
  const other = rest.find(({ kind }) => kind !== first?.kind)
  if (first && other) throw new Error(`${first.by} and ${other.by} contradict each other. Remove one of them.`)
  if (first?.kind === 'environment' && !named) {
    throw new Error(`${first.by} needs KINORA_POSTGRES_ADMIN_URL and the other servers' URLs; see docs/running.md`)
  }
  return first?.kind
}

/** For a folder of a version that had no memory: the data found shows which servers wrote it. */
function recognise(circumstances: Circumstances): ServersMemory | undefined {
  const { found, change, dir, volume, named } = circumstances
  const native: KnownServers = { kind: 'native', at: placeOf('native', circumstances), storage: 'storage' }
  const docker: KnownServers = { kind: 'docker', at: volume, storage: 'storage' }
  if (found.native && found.docker === true) {
    if (change) return undefined
    const ways = 'npm start -- --change-backing=native or --change-backing=docker'
    throw new Error(
      `There is data in ${join(dir, native.at)} (native servers) and in the Docker volume ${volume}. Choose once which servers to use: ${ways}. Neither data is removed.`,
    )
  }
  if (found.native) return { current: native, others: [] }
  // Servers that Kinora started left nothing in the folder, so they were containers, whether or not an engine answers now.
  if (found.docker === true || (found.secrets && found.serverPasswords)) return { current: docker, others: [] }
  if (!found.secrets) return undefined
  // Kinora did not start the servers that ran, so the environment named them.
  return { current: { kind: 'environment', at: named ?? '(address unknown)', storage: 'storage' }, others: [] }
}

function changeTo(target: Omit<KnownServers, 'storage'>, memory: ServersMemory, { dir, found }: Circumstances): Choice {
  const { current, others } = memory
  if (areSame(target, current)) {
    return {
      candidates: [current],
      continues: true,
      memory,
      notes: ['These servers are already in use; nothing changes.'],
    }
  }
  const known = others.find((servers) => areSame(servers, target))
  const next = known ?? { ...target, storage: unusedStorage(target.kind, [current, ...others]) }
  const hasData = target.kind === 'environment' ? undefined : found[target.kind] === true
  const begin = known
    ? 'continue with the data they had'
    : hasData
      ? 'continue with the data found there'
      : 'start without accounts and videos, unless they already have some'
  const notes = [
    `Changing servers from ${current.kind} to ${target.kind}.`,
    `  ${whereIs(current, dir)}. They stay there unchanged, with their files in ${join(dir, current.storage)}.`,
    `  The ${target.kind} servers (${target.at}) ${begin}; their files are in ${join(dir, next.storage)}.`,
    `  To change back: npm start -- --change-backing=${current.kind}`,
  ]
  return { candidates: [next], continues: known !== undefined, memory, notes }
}

/** Warns when two sets of data were found, because the files of both may be in one folder. */
function mixedNotes({ dir, found }: Circumstances, chosen: KnownServers | undefined): string[] {
  if (!chosen || !found.native || found.docker !== true) return []
  const storage = join(dir, 'storage')
  return [
    `Using the ${chosen.kind} servers from now on, with the files in ${storage}. The other data stays where it is.`,
    `  Files of the other servers' videos may be in the same folder: copy ${storage} before you change to those servers.`,
  ]
}

function contradiction(asked: BackingKind, current: KnownServers, { dir, named }: Circumstances): string {
  const by = named ? `KINORA_POSTGRES_ADMIN_URL names ${named}` : `KINORA_BACKING is ${asked}`
  const unset = named ? 'Unset the KINORA_…_URL variables' : 'Unset KINORA_BACKING'
  return `${whereIs(current, dir)}, but ${by}. ${unset} to continue with that data. ${howToChange(asked)}`
}

function howToChange(kinds: string): string {
  return `To use other servers, which do not have that data: npm start -- --change-backing=${kinds}`
}

function placeOf(kind: BackingKind, { named, volume }: Circumstances): string {
  return { native: 'postgres', docker: volume, environment: named ?? '' }[kind]
}

function unusedStorage(kind: BackingKind, known: KnownServers[]): string {
  const taken = new Set(known.map(({ storage }) => storage))
  let name = `storage-${kind}`
  for (let n = 2; taken.has(name); n++) name = `storage-${kind}-${n}`
  return name
}
