import type { System } from '@kinora/dev/harness'

/** Starts every service that a test has left dead. */
export async function revive(system: System): Promise<void> {
  for (const name of system.services()) if (!(await isAlive(system, name))) await system.start(name)
}

function isAlive(system: System, name: string): Promise<boolean> {
  return fetch(`${system.internalUrl(name)}/livez`).then(
    ({ ok }) => ok,
    () => false,
  )
}
