import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keptInPrivateFile } from '../private-json.ts'

export type AdminPasswords = { postgres: string; rabbitmq: string; redis: string }

/**
 * The administrators' passwords of the servers in `dir`. The first call creates them, later ones read the same: the
 * servers' data contains them.
 */
export function adminPasswords(dir: string): AdminPasswords {
  return keptInPrivateFile(join(dir, 'backing.json'), () => ({
    postgres: newPassword(),
    rabbitmq: newPassword(),
    redis: newPassword(),
  }))
}

/** 24 random bytes in hexadecimal, which needs no escaping in URLs and configuration files. */
export function newPassword(): string {
  return randomBytes(24).toString('hex')
}
