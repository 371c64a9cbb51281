import { randomBytes } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

export type AdminPasswords = { postgres: string; rabbitmq: string; redis: string }

/** The administrators' passwords of the servers in `dir`: made once, and then read, because the data knows them. */
export function adminPasswords(dir: string): AdminPasswords {
  const file = join(dir, 'backing.json')
  try {
    return JSON.parse(readFileSync(file, 'utf8')) as AdminPasswords
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error
  }
  // Hexadecimal needs no escaping, neither in a URL nor in a server's configuration file.
  const password = () => randomBytes(24).toString('hex')
  const passwords = { postgres: password(), rabbitmq: password(), redis: password() }
  writeFileSync(file, JSON.stringify(passwords), { mode: 0o600, flag: 'wx' })
  return passwords
}
