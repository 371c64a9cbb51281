import type { StoreState } from '@kinora/common/contracts'
import { type InstallationMarker, installationName } from '@kinora/common/storage'

export interface Compared {
  /** The id in the database. */
  installation: string
  /** All revisions that the database had while the marker was read. */
  revisions: readonly (string | null)[]
  marker: InstallationMarker | null
  /** Whether this database has had a store. */
  claimedBefore: boolean
  /** The files in a store without a marker. */
  files: 'none' | 'all known' | 'some unknown'
  /** Whether the database has videos with a source. */
  hasVideos: boolean
}

/** `claimable`: a store without a marker that this installation may claim. */
export function compareStore(compared: Compared): StoreState | 'claimable' {
  const { installation, revisions, marker, claimedBefore, files, hasVideos } = compared
  if (marker) {
    if (marker.installation !== installation) return 'foreign'
    return revisions.includes(marker.revision) ? 'own' : 'diverged'
  }
  if (files === 'none') return hasVideos || claimedBefore ? 'empty' : 'claimable'
  return files === 'all known' && !claimedBefore ? 'claimable' : 'unmarked'
}

/** A message for the operator: what does not match, and what to do. Null when store and database match. */
export function describeStoreState(
  state: StoreState,
  installation: string,
  storeInstallation: string | null,
): string | null {
  const name = installationName(installation)
  const adopt = `kinora storage adopt --installation ${name}`
  const settings = 'Check DATABASE_URL and STORAGE_URL'
  switch (state) {
    case 'own':
      return null
    case 'unknown':
      return 'The store has not been compared with the database yet, or is out of reach'
    case 'diverged':
      return `The database of installation ${name} is older than its store, or a copy of the database is in use elsewhere. No files are removed from the store. If a backup was restored on purpose, run: kinora storage audit, then: ${adopt}`
    case 'foreign':
      return `The store belongs to installation ${installationName(storeInstallation ?? '')}, the database to ${name}. ${settings}. To make this store that of the database: ${adopt}`
    case 'unmarked':
      return `The store has files that the database of installation ${name} does not know, and no marker that names an installation. ${settings}, and restore the database first. If the store is this installation's: ${adopt}`
    case 'empty':
      return `The database of installation ${name} has been used with a store, but this store is empty. ${settings}, and that the disk is mounted. To start with an empty store: ${adopt}`
  }
}
