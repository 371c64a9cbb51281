import { createSecretCipher, type SecretCipher } from '@kinora/common/secret-cipher'
import type { Base, Logger } from '@kinora/common/service'
import type { Kysely } from 'kysely'
import type { AuthConfig } from './config.ts'
import type { AuthDb } from './db/schema.ts'
import { auditChainKey } from './domain/audit-chain.ts'
import { accessTokenIssuer, type IssueAccessToken } from './infra/access-token.ts'
import { breachCheck, type IsBreached } from './infra/breach-check.ts'
import { HashGate } from './infra/hash-gate.ts'
import { KeyRing, signingKeyMaker } from './infra/key-ring.ts'
import { type Mail, openMail } from './infra/mailer.ts'
import { type AuthMetrics, createAuthMetrics } from './infra/metrics.ts'
import { createPasswordHasher, type PasswordHasher } from './infra/password-hasher.ts'
import { type RelyingParty, relyingParty } from './infra/webauthn.ts'
import { KeyKeeper } from './operations/key-rotator.ts'
import { type Repositories, repositories, type Transact, transact } from './operations/transact.ts'
import { type ChainPage, chainOldRows, chainPage } from './repositories/audit.ts'
import type { CodeAllowance } from './repositories/mfa-challenges.ts'
import { signingKeyRepository } from './repositories/signing-keys.ts'

/** All that a handler may use. */
export interface Context extends Repositories {
  transact: Transact
  /** Sends what a committed transaction has said or written at once instead of at the next look: events and mails. */
  pokeRelay: () => void
  passwords: PasswordHasher
  passwordMinLength: number
  apiKeysPerAccount: number
  isBreached: IsBreached
  mail: Mail
  refreshTokens: { secret: Buffer; lifetimeSeconds: number }
  keys: KeyRing
  keyKeeper: KeyKeeper
  /** For secrets that must be read again, unlike passwords. */
  cipher: SecretCipher
  productName: string
  relyingParty: RelyingParty
  codeAllowance: CodeAllowance
  auditChain: { key: Buffer; page: (after: number, limit: number) => Promise<ChainPage> }
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
  pokeRelay: () => void
  now?: () => Date
}

export async function createContext(parts: ContextParts): Promise<Context> {
  const { db, base, config, pokeRelay, now = () => new Date() } = parts
  const metrics = createAuthMetrics(base.metrics)
  const cipher = createSecretCipher(fromBase64(config.KEY_ENCRYPTION_KEY), 'kinora signing keys')
  const auditKey = auditChainKey(fromBase64(config.KEY_ENCRYPTION_KEY))
  const keys = new KeyRing(signingKeyRepository(db), cipher)
  const keyKeeper = new KeyKeeper({
    ring: keys,
    make: signingKeyMaker(cipher),
    transact: transact(db, auditKey),
    rotationMs: config.KEY_ROTATION_DAYS * DAY_MS,
    pokeRelay,
    logger: base.logger,
    now,
  })
  await keyKeeper.open()
  // After the keys were opened: with the wrong secret nothing must be chained.
  await chainOldRows(db, auditKey)
  return {
    ...repositories(db, auditKey),
    transact: transact(db, auditKey),
    pokeRelay,
    passwords: await createPasswordHasher({
      pepper: fromBase64(config.PASSWORD_PEPPER),
      cost: config.BCRYPT_COST,
      gate: new HashGate({ concurrency: config.HASH_CONCURRENCY, waitMs: config.HASH_WAIT_MS }),
      computed: metrics.passwordHashes,
    }),
    passwordMinLength: config.PASSWORD_MIN_LENGTH,
    apiKeysPerAccount: config.API_KEYS_PER_ACCOUNT,
    isBreached: breachCheck(config.BREACHED_PASSWORDS_URL, base.logger),
    mail: openMail(config),
    refreshTokens: { secret: fromBase64(config.REFRESH_SECRET), lifetimeSeconds: config.REFRESH_TOKEN_SECONDS },
    keys,
    keyKeeper,
    cipher,
    productName: config.PRODUCT_NAME,
    relyingParty: relyingParty(config),
    codeAllowance: { failures: config.MFA_MAX_FAILURES, seconds: config.MFA_LOCK_SECONDS },
    auditChain: { key: auditKey, page: (after, limit) => chainPage(db, after, limit) },
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
