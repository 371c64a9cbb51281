import { spawnSync } from 'node:child_process'
import { readFileSync } from 'node:fs'

export type UnprivilegedUser = { uid: number; gid: number }

/** Whom to become for a server that refuses root; `undefined` when we are not root ourselves. */
export function unprivilegedUser(): UnprivilegedUser | undefined {
  if (process.getuid?.() !== 0) return undefined
  const passwd = readFileSync('/etc/passwd', 'utf8').split('\n')
  for (const name of ['postgres', 'nobody']) {
    const fields = passwd.find((line) => line.startsWith(`${name}:`))?.split(':')
    if (fields) return { uid: Number(fields[2]), gid: Number(fields[3]) }
  }
  throw new Error('PostgreSQL refuses to run as root, and there is neither a user postgres nor nobody')
}

/**
 * `setpriv` options that drop to the user. When the user cannot reach `dir` (a checkout in /root, mode 0700),
 * it keeps the one capability that passes directory permissions: PostgreSQL asks only for the user id.
 */
export function dropPrivileges({ uid, gid }: UnprivilegedUser, dir: string): string[] {
  const drop = [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups']
  if (spawnSync('setpriv', [...drop, 'test', '-x', dir]).status === 0) return drop
  return [...drop, '--inh-caps=+dac_override', '--ambient-caps=+dac_override']
}
