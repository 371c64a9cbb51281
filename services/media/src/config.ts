import { integer, secretKey, serviceConfig } from '@kinora/common/service'
import { storageSettings } from '@kinora/common/storage'
import { z } from 'zod'
import { networks } from './infra/webhook-address.ts'

const MEBIBYTE = 1024 * 1024

export const mediaConfig = serviceConfig.extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Without it nothing is cached. */
  REDIS_URL: z.url({ protocol: /^rediss?$/ }).optional(),
  /** Goes before every key, for those who share a Redis. */
  REDIS_PREFIX: z.string().max(100).default('kinora:'),
  ...storageSettings,
  /** Where clients reach the gateway; playback addresses begin with it. */
  PUBLIC_URL: z.url({ protocol: /^https?$/ }),
  /** Signs playback tokens. */
  PLAYBACK_SECRET: secretKey,
  /** The secret before; its tokens are still accepted. */
  PLAYBACK_SECRET_PREVIOUS: secretKey.optional(),
  MAX_UPLOAD_BYTES: integer(1, Number.MAX_SAFE_INTEGER).default(100 * MEBIBYTE),
  /** What each owner may have; without a number there is no limit. An administrator can give owners other ones. */
  QUOTA_BYTES: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  QUOTA_MINUTES: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  MAX_VIDEO_SECONDS: integer(0, Number.MAX_SAFE_INTEGER).optional(),
  MAX_RUNNING_TASKS: integer(1, 1_000_000).optional(),
  /** So long an upload in pieces is kept after the last sign of its client. */
  UPLOAD_EXPIRY_SECONDS: integer(60, 31_536_000).default(86_400),
  /** The largest rendition's short side, in pixels. */
  MAX_RENDITION: integer(240, 2160).default(1080),
  /** Whether a source that fits as it is becomes its largest rendition without being encoded again. */
  REMUX: z.stringbool().default(true),
  /** How many days files that were swept stay in quarantine, from where they can be restored. */
  QUARANTINE_DAYS: integer(1, 365).default(7),
  /** Expired uploads of one account that are swept at once; more wait for an operator, as do five times as many of all. */
  SWEEP_LIMIT: integer(1, 1_000_000).default(20),
  /** A worker that is silent for so long has lost its task. */
  LEASE_MS: integer(500, 600_000).default(20_000),
  /** How often stale leases, lost messages and left-behind receipts are looked for. */
  REAPER_MS: integer(50, 60_000).default(1000),
  RECEIPTS_MS: integer(50, 600_000).default(5000),
  /** A queued task that nobody took for so long is sent again. */
  RESEND_MS: integer(100, 3_600_000).default(60_000),
  /** Secrets of webhooks are stored encrypted with this. */
  WEBHOOK_ENCRYPTION_KEY: secretKey,
  WEBHOOKS_PER_ACCOUNT: integer(1, 100).default(10),
  /** Whether webhooks may go to `http:` addresses. */
  WEBHOOK_ALLOW_HTTP: z.stringbool().default(false),
  /** Networks that webhooks may reach besides the public internet, e.g. `10.1.0.0/16, fd00::/8`. */
  WEBHOOK_ALLOWED_NETWORKS: networks,
  /** How often deliveries that are due are looked for, where nobody says so. */
  WEBHOOK_POLL_MS: integer(50, 60_000).default(1000),
})
export type MediaConfig = z.output<typeof mediaConfig>
