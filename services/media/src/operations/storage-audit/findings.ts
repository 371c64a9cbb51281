import type { StorageFinding } from '@kinora/common/contracts'
import type { Removable } from '../../repositories/deletions.ts'

/** A difference between rows and files, with what a sweep would move to quarantine; nothing where files are missing. */
export interface Finding extends StorageFinding {
  unknown: Removable[]
}

export interface FindingsPage {
  items: Finding[]
  /** Videos and folders that were looked at. */
  looked: number
  /** Where the next page begins; null at the end. */
  last: string | null
}

/** What callers are told of a finding. */
export function toStorageFinding({ unknown: _, ...finding }: Finding): StorageFinding {
  return finding
}
