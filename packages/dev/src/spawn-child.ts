import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process'
import { findBinary } from './backing/native/find-binary.ts'

export type SpawnChild = SpawnOptions & {
  command: string
  args: string[]
  /** Sent by the kernel when we are killed outright, so that nothing of ours stays behind. */
  deathSignal: NodeJS.Signals
  /** `setpriv` options, from dropPrivileges. */
  privileges?: string[]
}

/**
 * `detached` puts the child into a session of its own: Ctrl-C at the terminal goes to the whole foreground process
 * group, and we decide in which order things stop. `--pdeathsig` (prctl(2), PR_SET_PDEATHSIG) ends it should we be
 * killed; where there is no setpriv, the next start does that by the pid file.
 */
export function spawnChild({ command, args, deathSignal, privileges = [], ...options }: SpawnChild): ChildProcess {
  const setpriv = findBinary('setpriv')
  if (!setpriv) return spawn(command, args, { ...options, detached: true })
  const wrapped = [...privileges, `--pdeathsig=${deathSignal.slice(3)}`, command, ...args]
  return spawn(setpriv, wrapped, { ...options, detached: true })
}

export function hasExited(child: ChildProcess): boolean {
  return child.exitCode !== null || child.signalCode !== null
}
