import { mkdirSync } from 'node:fs'
import { adminPasswords } from './admin-passwords.ts'
import type { Backing, BackingOptions } from './backing.ts'
import { startDockerBacking } from './docker/docker-backing.ts'
import { dockerImagesMissing } from './docker/docker-engine.ts'
import { backingFromEnvironment } from './from-environment.ts'
import { lockFolder } from './lock-folder.ts'
import { ensureFfmpeg } from './native/binaries.ts'
import { startNativeBacking } from './native/native-backing.ts'

/**
 * Brings up PostgreSQL, RabbitMQ and Redis: those named in the environment, else containers, else private instances of
 * the programs on this machine. One line tells which. KINORA_BACKING=docker|native leaves no choice.
 * Throws when none of the ways works, or when another process uses `dir`; whatever was started is stopped by then.
 */
export async function startBacking(options: BackingOptions): Promise<Backing> {
  // The unprivileged PostgreSQL user has to pass through it.
  mkdirSync(options.dir, { recursive: true, mode: 0o711 })
  const unlock = lockFolder(options.dir)
  try {
    const backing = await chooseBacking(options)
    return { ...backing, stop: () => backing.stop().finally(unlock) }
  } catch (error) {
    unlock()
    throw error
  }
}

async function chooseBacking(options: BackingOptions): Promise<Backing> {
  const { log } = options
  await ensureFfmpeg(log)
  const given = backingFromEnvironment(process.env)
  if (given) {
    log('Backing servers: those named in the environment')
    return given
  }
  const passwords = adminPasswords(options.dir)
  const forced = process.env.KINORA_BACKING
  const obstacle = forced === 'native' ? 'KINORA_BACKING=native' : await dockerImagesMissing(log)
  if (!obstacle) {
    log('Backing servers: Docker containers')
    return startDockerBacking({ ...options, passwords })
  }
  if (forced === 'docker') throw new Error(`Docker cannot be used: ${obstacle}`)
  log(`Backing servers: private instances of this machine's programs (no Docker: ${obstacle})`)
  return startNativeBacking({ ...options, passwords })
}
