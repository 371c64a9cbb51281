import { z } from 'zod'
import { AppError } from '../errors.ts'
import { keys } from './keys.ts'
import type { Store } from './store.ts'

/**
 * An object at the root of a store that names its installation. A service that finds another installation's marker does not
 * touch the store, because its files belong to that installation.
 */
export const InstallationMarker = z.object({
  /** The id that the database got when it was created. */
  installation: z.uuid(),
  /**
   * Replaced every minute by the media service, which stores the same value in its database. A database with an older one was
   * restored from a backup, or a copy of it runs elsewhere.
   */
  revision: z.uuid(),
})
export type InstallationMarker = z.infer<typeof InstallationMarker>

/** Null when there is no marker. Throws when the marker cannot be parsed, because it must not be replaced. */
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

/** The first part of an installation's id, which an operator types to confirm an action. */
export function installationName(id: string): string {
  return id.slice(0, 8)
}

/**
 * The store's time in milliseconds since 1970, from a file written now. Ages of files are computed with it, because the clock
 * of this machine may be a day off.
 */
export async function storeTime(store: Store): Promise<number> {
  await store.put(keys.clock, '')
  const written = await store.stat(keys.clock)
  if (!written) throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 1000 })
  return written.modifiedAt.getTime()
}
