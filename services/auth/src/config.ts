import { availableParallelism } from 'node:os'
import { integer, secretKey, serviceConfig, webOrigins } from '@kinora/common/service'
import { z } from 'zod'

/** Whatever must outlive every access token uses this limit, because the setting may have had another value before. */
export const MAX_ACCESS_TOKEN_SECONDS = 3600

/** How much clocks of services and gateways may differ: revocations and keys are kept this much longer. */
export const CLOCK_SKEW_MS = 60_000

export const authConfig = serviceConfig.extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Private signing keys are stored encrypted with this. */
  KEY_ENCRYPTION_KEY: secretKey,
  /** Refresh tokens are authenticated with this; changing it signs everybody out. */
  REFRESH_SECRET: secretKey,
  /** Mixed into every password hash; changing it makes every password wrong. */
  PASSWORD_PEPPER: secretKey,
  BCRYPT_COST: integer(10, 15).default(12),
  PASSWORD_MIN_LENGTH: integer(8, 64).default(8),
  /**
   * bcrypt computations at a time. One core is left for everything else, and one of libuv's four threads, on which
   * names are resolved; a larger number wants a larger UV_THREADPOOL_SIZE.
   */
  HASH_CONCURRENCY: integer(1, 64).default(Math.min(3, Math.max(1, availableParallelism() - 1))),
  /** A call that would wait longer for one is refused at once; callers give up after 5 s, the computation included. */
  HASH_WAIT_MS: integer(0, 60_000).default(3000),
  ...webOrigins,
  /**
   * The domain that passkeys are made for; the host of PUBLIC_URL by default. Where the pages have another host than the
   * API, their common parent: `example.com` for `app.example.com`. Another value makes all passkeys useless.
   */
  PASSKEY_RP_ID: z.hostname().optional(),
  /** Where new passwords are looked up by the first five characters of their SHA-1; unset: nowhere. */
  BREACHED_PASSWORDS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).optional(),
  /** Where mails are put as files where there is no SMTP server. */
  MAILBOX_DIR: z.string().min(1).default('.kinora/mailbox'),
  /** The pause before a failed mail is tried again; it doubles each time, up to sixty-fold. */
  MAIL_RETRY_MS: integer(100, 3_600_000).default(60_000),
  /** By default required where there is an SMTP server. */
  EMAIL_VERIFICATION: z.enum(['required', 'off']).optional(),
  /** Pages of your own for the links in mails; `#token=…` is appended. */
  VERIFY_EMAIL_PAGE: z.url({ protocol: /^https?$/ }).optional(),
  RESET_PASSWORD_PAGE: z.url({ protocol: /^https?$/ }).optional(),
  ISSUER: z.string().min(1).default('kinora'),
  AUDIENCE: z.string().min(1).default('kinora'),
  ACCESS_TOKEN_SECONDS: integer(10, MAX_ACCESS_TOKEN_SECONDS).default(900),
  REFRESH_TOKEN_SECONDS: integer(60, 31_536_000).default(604_800),
  /** Keys of one account that are neither revoked nor expired. */
  API_KEYS_PER_ACCOUNT: integer(1, 1000).default(50),
  /** Days between two rotations of the signing key. */
  KEY_ROTATION_DAYS: integer(1, 3650).default(30),
  /** What authenticator apps and passkey dialogs call this installation. A colon would end it in an `otpauth:` label. */
  PRODUCT_NAME: z
    .string()
    .regex(/^[^:]{1,64}$/)
    .default('Kinora'),
  /** Wrong codes of one account within `MFA_LOCK_SECONDS`; then no code is checked until these seconds are over. */
  MFA_MAX_FAILURES: integer(1, 1000).default(10),
  MFA_LOCK_SECONDS: integer(10, 86_400).default(900),
  CLEANUP_INTERVAL_MS: integer(100, 86_400_000).default(600_000),
})
export type AuthConfig = z.output<typeof authConfig>
