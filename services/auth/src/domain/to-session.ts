import type { Session } from '@kinora/common/contracts'
import type { SessionRow } from '../db/schema.ts'

/** `currentId`: the session of whoever asks. */
export function toSession(row: SessionRow, currentId: string | undefined): Session {
  return {
    id: row.id,
    userAgent: row.user_agent,
    ip: row.ip,
    createdAt: row.created_at.toISOString(),
    lastUsedAt: row.last_used_at.toISOString(),
    expiresAt: row.expires_at.toISOString(),
    current: row.id === currentId,
  }
}
