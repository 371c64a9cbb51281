import type { Metrics } from '@kinora/common/service'
import { Counter } from 'prom-client'

export interface MediaMetrics {
  /** How attempts ended: done, failed, lost, released, late. */
  attempts: Counter<'kind' | 'outcome'>
  playlistsPublished: Counter
  filesRemoved: Counter
  /** Attempts to deliver: delivered, failed, disabled. */
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
    webhookAttempts: new Counter({
      name: 'kinora_webhook_attempts_total',
      help: 'Attempts to deliver webhooks by how they ended',
      labelNames: ['outcome'],
      registers: [registry],
    }),
  }
}
