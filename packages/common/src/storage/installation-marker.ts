import { z } from 'zod'
import { AppError } from '../errors.ts'
import { keys } from './keys.ts'
import type { Store } from './store.ts'

/**
 * An object at the root of a store that says whose it is. A service that finds another installation's marker touches
 * nothing: the files it does not know are somebody's.
 */
export const InstallationMarker = z.object({
  /** The id that the database was given when it was made. */
  installation: z.uuid(),
  /**
   * Replaced every minute by the media service, which keeps the same value in its database. A database that knows an
   * older one was restored from a backup, or a copy of it runs elsewhere.
   */
  revision: z.uuid(),
})
export type InstallationMarker = z.infer<typeof InstallationMarker>

/** Null where there is no marker. Throws where the marker cannot be understood: it is not ours to replace. */
export async function readInstallationMarker(store: Store): Promise<InstallationMarker | null> {
  try {
    return InstallationMarker.parse(JSON.parse((await store.get(keys.installation)).toString()))
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
    if (error instanceof z.ZodError || error instanceof SyntaxError) {
      throw new Error(`${keys.installation} in the store is not a marker of Kinora`)
    }
    throw error
  }
}

/** The first part of an installation's id: what an operator repeats to show that the right one is meant. */
export function installationName(id: string): string {
  return id.slice(0, 8)
}

/**
 * What time it is for the store, in milliseconds since 1970, by a file written now: the ages of files are compared with
 * this, and not with the clock of this machine, which may be a day off.
 */
export async function storeTime(store: Store): Promise<number> {
  await store.put(keys.clock, '')
  const written = await store.stat(keys.clock)
  if (!written) throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 1000 })
  return written.modifiedAt.getTime()
}
