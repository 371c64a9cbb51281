import type { Passkey } from '@kinora/common/contracts'
import type { PasskeyRow } from '../db/schema.ts'

export function toPasskey(row: PasskeyRow): Passkey {
  return {
    id: row.id,
    name: row.name,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at?.toISOString() ?? null,
  }
}
