import { availableParallelism } from 'node:os'
import { integer, secretKey, serviceConfig, webOrigins } from '@kinora/common/service'
import { z } from 'zod'

/** Data that must outlive every access token uses this limit, because the setting may have had another value before. */
export const MAX_ACCESS_TOKEN_SECONDS = 3600

/** The largest difference between clocks of auth and gateways: revocations and keys are kept this much longer. */
export const CLOCK_SKEW_MS = 60_000

export const authConfig = serviceConfig.extend({
  DATABASE_URL: z.url({ protocol: /^postgres(ql)?$/ }),
  /** Encrypts stored private signing keys. */
  KEY_ENCRYPTION_KEY: secretKey,
  /** Authenticates refresh tokens; changing it signs everybody out. */
  REFRESH_SECRET: secretKey,
  /** Mixed into every password hash; changing it makes every password wrong. */
  PASSWORD_PEPPER: secretKey,
  BCRYPT_COST: integer(10, 15).default(12),
  PASSWORD_MIN_LENGTH: integer(8, 64).default(8),
  /**
   * bcrypt computations at the same time. One core is left for everything else, and one of libuv's four threads for name
   * resolution; a larger number needs a larger UV_THREADPOOL_SIZE.
   */
  HASH_CONCURRENCY: integer(1, 64).default(Math.min(3, Math.max(1, availableParallelism() - 1))),
  /** A call that would wait longer for a computation is refused at once; callers time out after 5 s, computation included. */
  HASH_WAIT_MS: integer(0, 60_000).default(3000),
  ...webOrigins,
  /**
   * The domain of passkeys; by default the host of PUBLIC_URL. When the pages have another host than the API, their common
   * parent: `example.com` for `app.example.com`. Changing it makes all passkeys useless.
   */
  PASSKEY_RP_ID: z.hostname().optional(),
  /** The service where new passwords are looked up by the first five characters of their SHA-1; unset: no look-up. */
  BREACHED_PASSWORDS_URL: z.url({ protocol: /^https?$/ }).optional(),
  /** `smtp://user:password@host:587`, or `smtps://` for TLS from the first byte. */
  SMTP_URL: z.url({ protocol: /^smtps?$/ }).optional(),
  MAIL_FROM: z.string().min(3).optional(),
  /** The folder for mails as files, used without an SMTP server. */
  MAILBOX_DIR: z.string().min(1).default('.kinora/mailbox'),
  /** The pause before a failed mail is tried again; it doubles each time, up to 60 times this value. */
  MAIL_RETRY_MS: integer(100, 3_600_000).default(60_000),
  /** Who may register: everybody, people with an invitation of an administrator, or nobody. */
  REGISTRATION: z.enum(['open', 'invite', 'closed']).default('open'),
  /** By default `required` with an SMTP server, otherwise `off`. */
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
  /** Projects that one account may own, beside its personal one. Each has the quotas of the installation. */
  PROJECTS_PER_ACCOUNT: integer(0, 1000).default(20),
  /** Days between two rotations of the signing key. */
  KEY_ROTATION_DAYS: integer(1, 3650).default(30),
  /** The name of this installation in authenticator apps and passkey dialogs. A colon would end it in an `otpauth:` label. */
  PRODUCT_NAME: z
    .string()
    .regex(/^[^:]{1,64}$/)
    .default('Kinora'),
  /** Wrong codes of one account within `MFA_LOCK_SECONDS`, after which all are refused until these seconds are over. */
  MFA_MAX_FAILURES: integer(1, 1000).default(10),
  MFA_LOCK_SECONDS: integer(10, 86_400).default(900),
  CLEANUP_INTERVAL_MS: integer(100, 86_400_000).default(600_000),
})
export type AuthConfig = z.output<typeof authConfig>
