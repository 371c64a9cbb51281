import type { Context } from '../context.ts'

/** A process that has changed nothing for this long is idle. */
const IDLE_AFTER_MS = 30_000
const IDLE_FACTOR = 5

/**
 * The pause of a job that looks for work in the database: `everyMs`, and five times as long in an idle process, but at most a
 * quarter of a lease. Jobs that have work at once are woken, so only the work of another process that has ended waits for it.
 */
export function jobInterval({ wake, config, now }: Context, everyMs: number): () => number {
  let changedAt = now().getTime()
  const changed = () => {
    changedAt = now().getTime()
  }
  for (const loop of ['outbox', 'playlists', 'replacements', 'erasures', 'webhooks'] as const) wake.on(loop, changed)
  const idleMs = Math.max(everyMs, Math.min(everyMs * IDLE_FACTOR, config.LEASE_MS / 4))
  return () => (now().getTime() - changedAt < IDLE_AFTER_MS ? everyMs : idleMs)
}
