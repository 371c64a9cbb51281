import type { Parked } from '@kinora/common/contracts'
import type { ParkedRow } from '../repositories/parked.ts'

export function toParked(row: ParkedRow): Parked {
  return {
    id: row.id,
    origin: row.origin,
    type: row.type,
    attempts: row.attempts,
    error: { code: row.error_code, message: row.error_message },
    parkedAt: row.parked_at.toISOString(),
  }
}
