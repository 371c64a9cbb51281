import { createSecretCipher, type SecretCipher } from '@kinora/common/secret-cipher'
import type { Base, Logger } from '@kinora/common/service'
import type { Kysely } from 'kysely'
import type { AuthConfig } from './config.ts'
import type { AuthDb } from './db/schema.ts'
import type { RecordAudit } from './domain/audit.ts'
import { auditChainKey } from './domain/audit-chain.ts'
import { deviceTokenKey } from './domain/device-token.ts'
import { accessTokenIssuer, type IssueAccessToken } from './infra/access-token.ts'
import { breachCheck, type IsBreached } from './infra/breach-check.ts'
import { HashGate } from './infra/hash-gate.ts'
import { KeyRing, signingKeyFactory } from './infra/key-ring.ts'
import { createMailDelivery, type MailDelivery } from './infra/mailer.ts'
import { type AuthMetrics, createAuthMetrics } from './infra/metrics.ts'
import { createPasswordHasher, type PasswordHasher } from './infra/password-hasher.ts'
import { type RelyingParty, relyingParty } from './infra/webauthn.ts'
import { KeyRotator } from './operations/signing-keys.ts'
import { createTransact, type Transact } from './operations/transact.ts'
import { chainOldRows } from './repositories/audit.ts'
import { type Repositories, repositories } from './repositories/index.ts'
import type { CodeAllowance } from './repositories/mfa-challenges.ts'

/** The dependencies of handlers and background loops. */
export interface Context extends Repositories {
  transact: Transact
  /** `record` writes one row in a transaction of its own. */
  audit: Repositories['audit'] & { record: RecordAudit }
  /** The key of the audit log's chain. */
  auditKey: Buffer
  /** Who may register, and the page that invitations link to. */
  registration: { mode: AuthConfig['REGISTRATION']; page: string }
  /** The page that invitations to projects link to. */
  invitationPage: string
  passwords: PasswordHasher
  passwordMinLength: number
  apiKeysPerAccount: number
  projectsPerAccount: number
  isBreached: IsBreached
  mail: MailDelivery
  refreshTokens: { secret: Buffer; lifetimeSeconds: number }
  /** Key of the tokens by which a client is known again. */
  deviceKey: Buffer
  keys: KeyRing
  keyRotator: KeyRotator
  /** Encrypts secrets that must be read again, unlike passwords. */
  cipher: SecretCipher
  productName: string
  relyingParty: RelyingParty
  codeAllowance: CodeAllowance
  issueAccessToken: IssueAccessToken
  metrics: AuthMetrics
  logger: Logger
  now: () => Date
}

const DAY_MS = 86_400_000

export interface ContextParts {
  db: Kysely<AuthDb>
  base: Base
  config: AuthConfig
  /** Sends the events and mails that a transaction has committed now instead of at the next poll. */
  wake: () => void
  now?: () => Date
}

export async function createContext(parts: ContextParts): Promise<Context> {
  const { db, base, config, wake, now = () => new Date() } = parts
  const metrics = createAuthMetrics(base.metrics)
  const cipher = createSecretCipher(fromBase64(config.KEY_ENCRYPTION_KEY), 'kinora signing keys')
  const auditKey = auditChainKey(fromBase64(config.KEY_ENCRYPTION_KEY))
  const tables = repositories(db)
  const transact = createTransact({ db, auditKey, wake })
  const keys = new KeyRing(() => tables.signingKeys.all(), cipher)
  const keyRotator = new KeyRotator({
    ring: keys,
    createKey: signingKeyFactory(cipher),
    transact,
    rotationMs: config.KEY_ROTATION_DAYS * DAY_MS,
    logger: base.logger,
    now,
  })
  await keyRotator.initialise()
  // Only after the signing keys could be decrypted: with a wrong secret no row must be chained.
  await chainOldRows(db, auditKey)
  return {
    ...tables,
    audit: { ...tables.audit, record: (...entry) => transact(null, (work) => work.audit.record(...entry)) },
    transact,
    auditKey,
    registration: {
      mode: config.REGISTRATION,
      page: `${config.PUBLIC_URL.replace(/\/$/, '')}/account/register`,
    },
    invitationPage: `${config.PUBLIC_URL.replace(/\/$/, '')}/account/join`,
    passwords: await createPasswordHasher({
      pepper: fromBase64(config.PASSWORD_PEPPER),
      cost: config.BCRYPT_COST,
      gate: new HashGate({ concurrency: config.HASH_CONCURRENCY, waitMs: config.HASH_WAIT_MS }),
      computed: metrics.passwordHashes,
    }),
    passwordMinLength: config.PASSWORD_MIN_LENGTH,
    apiKeysPerAccount: config.API_KEYS_PER_ACCOUNT,
    projectsPerAccount: config.PROJECTS_PER_ACCOUNT,
    isBreached: breachCheck(config.BREACHED_PASSWORDS_URL, base.logger),
    mail: createMailDelivery(config, now),
    refreshTokens: { secret: fromBase64(config.REFRESH_SECRET), lifetimeSeconds: config.REFRESH_TOKEN_SECONDS },
    deviceKey: deviceTokenKey(fromBase64(config.REFRESH_SECRET)),
    keys,
    keyRotator,
    cipher,
    productName: config.PRODUCT_NAME,
    relyingParty: relyingParty(config),
    codeAllowance: { failures: config.MFA_MAX_FAILURES, seconds: config.MFA_LOCK_SECONDS },
    issueAccessToken: accessTokenIssuer(keys, {
      issuer: config.ISSUER,
      audience: config.AUDIENCE,
      lifetimeSeconds: config.ACCESS_TOKEN_SECONDS,
    }),
    metrics,
    logger: base.logger,
    now,
  }
}

function fromBase64(secret: string): Buffer {
  return Buffer.from(secret, 'base64')
}
