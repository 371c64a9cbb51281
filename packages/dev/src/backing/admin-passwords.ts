import { randomBytes } from 'node:crypto'
import { join } from 'node:path'
import { keptInPrivateFile } from '../private-json.ts'

export type AdminPasswords = { postgres: string; rabbitmq: string; redis: string }

/** The administrators' passwords of the servers in `dir`: made once, and then read, because the data knows them. */
export function adminPasswords(dir: string): AdminPasswords {
  return keptInPrivateFile(join(dir, 'backing.json'), () => ({
    postgres: newPassword(),
    rabbitmq: newPassword(),
    redis: newPassword(),
  }))
}

/** Hexadecimal needs no escaping, neither in a URL nor in a server's configuration file. */
export function newPassword(): string {
  return randomBytes(24).toString('hex')
}
