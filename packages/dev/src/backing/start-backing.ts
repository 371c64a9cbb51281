import { mkdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { readLivePid, writePidFile } from '../processes.ts'
import { adminPasswords, type Backing, type BackingOptions } from './backing.ts'
import { startDockerBacking } from './docker/docker-backing.ts'
import { dockerImagesMissing } from './docker/docker-engine.ts'
import { backingFromEnvironment } from './from-environment.ts'
import { ensureFfmpeg } from './native/binaries.ts'
import { startNativeBacking } from './native/native-backing.ts'
import type { BackingKind } from './servers-memory.ts'

/**
 * Starts PostgreSQL, RabbitMQ and Redis: those named in the environment, else containers, else private instances of the
 * programs on this machine. Logs one line that says which. KINORA_BACKING=docker|native forces the choice.
 * Throws when none of these works, or when another process uses `dir`; whatever was started is stopped by then.
 */
export function startBacking(options: BackingOptions): Promise<Backing> {
  return withLockedFolder(options.dir, () => chooseBacking(options))
}

/** Runs `start` with a lock on `dir`, which is released when the backing is stopped. Throws when another process has it. */
export async function withLockedFolder<B extends Backing>(dir: string, start: () => Promise<B>): Promise<B> {
  // 0711: the unprivileged PostgreSQL user must be able to pass through the folder.
  mkdirSync(dir, { recursive: true, mode: 0o711 })
  const unlock = lockFolder(dir)
  try {
    const backing = await start()
    return { ...backing, stop: () => backing.stop().finally(unlock) }
  } catch (error) {
    unlock()
    throw error
  }
}

async function chooseBacking(options: BackingOptions): Promise<Backing> {
  const { log } = options
  if (backingFromEnvironment(process.env)) return startKind('environment', options)
  const forced = process.env.KINORA_BACKING
  const obstacle = forced === 'native' ? 'KINORA_BACKING=native' : await dockerImagesMissing(log)
  if (!obstacle) return startKind('docker', options)
  if (forced === 'docker') throw new Error(`Docker cannot be used: ${obstacle}`)
  return startKind('native', options, `no Docker: ${obstacle}`)
}

/** Starts servers of one kind, and logs a line that says which they are and `why`. */
export async function startKind(kind: BackingKind, options: BackingOptions, why?: string): Promise<Backing> {
  const { log, dir } = options
  await ensureFfmpeg(log)
  const reason = why ? ` (${why})` : ''
  if (kind === 'environment') {
    const given = backingFromEnvironment(process.env)
    if (!given) throw new Error('The environment names no servers')
    log(`Backing servers: from the environment${reason}`)
    return given
  }
  const passwords = adminPasswords(dir)
  if (kind === 'docker') {
    log(`Backing servers: Docker containers${reason}`)
    return startDockerBacking({ ...options, passwords })
  }
  log(`Backing servers: private instances of this machine's programs${reason}`)
  return startNativeBacking({ ...options, passwords })
}

/** Locks the folder and returns the function that unlocks it. Throws when another living process has the lock. */
export function lockFolder(dir: string): () => void {
  const file = join(dir, 'owner.pid')
  const owner = readLivePid(file)
  if (owner) throw new Error(`Kinora is already running in ${dir} (process ${owner}). Stop that one first.`)
  writePidFile(file, process.pid)
  return () => rmSync(file, { force: true })
}
