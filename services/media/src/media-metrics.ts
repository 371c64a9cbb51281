import type { Metrics } from '@kinora/common/service'
import { Counter, Gauge } from 'prom-client'

export interface MediaMetrics {
  /** How attempts ended: done, failed, lost, released, late. */
  attempts: Counter<'kind' | 'outcome'>
  playlistsPublished: Counter
  filesRemoved: Counter
  /** 1 while store and database do not belong together, or one of them is older. */
  storeMismatch: Gauge
  /** Abandoned uploads that wait for an operator, because too many were found at once. */
  sweepWaiting: Gauge
  /** Delivery attempts by outcome: delivered, failed, disabled. */
  webhookAttempts: Counter<'outcome'>
}

export function createMediaMetrics(registry: Metrics): MediaMetrics {
  return {
    attempts: new Counter({
      name: 'kinora_task_attempts_total',
      help: 'Attempts at tasks by how they ended',
      labelNames: ['kind', 'outcome'],
      registers: [registry],
    }),
    playlistsPublished: new Counter({
      name: 'kinora_playlists_published_total',
      help: 'Times that the playlists of a video were written',
      registers: [registry],
    }),
    filesRemoved: new Counter({
      name: 'kinora_deletions_total',
      help: 'Files and folders that were removed from storage',
      registers: [registry],
    }),
    storeMismatch: new Gauge({
      name: 'kinora_media_store_mismatch',
      help: '1 while the store is not known to belong to this database; no files are removed then',
      registers: [registry],
    }),
    sweepWaiting: new Gauge({
      name: 'kinora_media_sweep_waiting',
      help: 'Expired uploads that are swept only after an operator has confirmed',
      registers: [registry],
    }),
    webhookAttempts: new Counter({
      name: 'kinora_webhook_attempts_total',
      help: 'Attempts to deliver webhooks by how they ended',
      labelNames: ['outcome'],
      registers: [registry],
    }),
  }
}
