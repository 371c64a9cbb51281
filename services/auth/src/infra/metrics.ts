import type { Metrics } from '@kinora/common/service'
import { Counter, Gauge } from 'prom-client'

export type AuthMetrics = ReturnType<typeof createAuthMetrics>

export function createAuthMetrics(registry: Metrics) {
  const registers = [registry]
  return {
    passwordHashes: new Counter({
      name: 'kinora_auth_password_hashes_total',
      help: 'bcrypt computations started',
      registers,
    }),
    refreshReuse: new Counter({
      name: 'kinora_auth_refresh_reuse_total',
      help: 'Sessions ended because an old refresh token was used again, so somebody may have a copy',
      registers,
    }),
    erasuresUnfinished: new Gauge({
      name: 'kinora_auth_erasures_unfinished',
      help: 'Deleted accounts with data left in a service; up to two hours are usual',
      labelNames: ['service'] as const,
      registers,
    }),
    mails: new Counter({
      name: 'kinora_auth_mails_total',
      help: 'Mails sent, failed attempts that will be repeated, and mails given up',
      labelNames: ['kind', 'outcome'] as const,
      registers,
    }),
    cleanUpRemoved: new Counter({
      name: 'kinora_auth_cleanup_removed_total',
      help: 'Expired rows deleted',
      labelNames: ['what'] as const,
      registers,
    }),
  }
}
