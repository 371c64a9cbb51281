import { mkdirSync } from 'node:fs'
import { adminPasswords } from './admin-passwords.ts'
import type { Backing, BackingOptions } from './backing.ts'
import { startDockerBacking } from './docker/docker-backing.ts'
import { dockerImagesMissing } from './docker/docker-engine.ts'
import { backingFromEnvironment } from './from-environment.ts'
import { lockFolder } from './lock-folder.ts'
import { ensureFfmpeg } from './native/binaries.ts'
import { startNativeBacking } from './native/native-backing.ts'
import type { BackingKind } from './servers-memory.ts'

/**
 * Brings up PostgreSQL, RabbitMQ and Redis: those named in the environment, else containers, else private instances of
 * the programs on this machine. One line tells which. KINORA_BACKING=docker|native leaves no choice.
 * Throws when none of the ways works, or when another process uses `dir`; whatever was started is stopped by then.
 */
export function startBacking(options: BackingOptions): Promise<Backing> {
  return withLockedFolder(options.dir, () => chooseBacking(options))
}

/** Runs `start` while no other process uses `dir`; the lock goes when the backing is stopped. */
export async function withLockedFolder<B extends Backing>(dir: string, start: () => Promise<B>): Promise<B> {
  // The unprivileged PostgreSQL user has to pass through it.
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

/** One line tells which servers they are, and `why`. */
export async function startKind(kind: BackingKind, options: BackingOptions, why?: string): Promise<Backing> {
  const { log, dir } = options
  await ensureFfmpeg(log)
  const reason = why ? ` (${why})` : ''
  if (kind === 'environment') {
    const given = backingFromEnvironment(process.env)
    if (!given) throw new Error('The environment names no servers')
    log(`Backing servers: those named in the environment${reason}`)
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
