import { createHmac, createSecretKey, type KeyObject } from 'node:crypto'
import type { Actor } from '@kinora/common/contract'
import { signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import jwt from 'jsonwebtoken'
import { z } from 'zod'
import type { Identity } from './authenticate.ts'
import type { KeySet } from './key-set.ts'
import type { Memberships } from './memberships.ts'
import type { Revocations } from './revocations.ts'

const TYPE = 'events+jwt'
const AUDIENCE = 'events'
/** In which a stream can be opened; it may be open for longer. */
const SECONDS = 300
/** By which the clock of the gateway that signed may be ahead: a revocation in this time before the token counts, too. */
const SKEW_MS = 60_000

const Claims = z.object({
  sub: z.uuid(),
  video: z.uuid(),
  iat: z.number().int(),
  exp: z.number().int(),
  /** The session, and the key that signed its access token. */
  sid: z.uuid().optional(),
  kid: z.string().optional(),
  /** Or the API key, its project, and when it expires in milliseconds. */
  key: z.uuid().optional(),
  project: z.uuid().optional(),
  until: z.number().optional(),
})
type Claims = z.infer<typeof Claims>

interface Known {
  keySet: KeySet
  revocations: Revocations
  memberships: Memberships
}

/**
 * Tokens by which a page opens the stream of events of one video, because `EventSource` sends no header. They have a key, a type
 * and an audience of their own, so that nothing else takes them, and they take nothing else. What their account may see is looked up
 * when the stream is opened.
 */
export class EventsTokens {
  readonly #keys: KeyObject[]
  readonly #known: Known

  /** @param secrets playback secrets (base64): a key derived from the first signs, those of all are accepted */
  constructor(secrets: readonly string[], known: Known) {
    this.#keys = secrets.map((secret) =>
      createSecretKey(createHmac('sha256', Buffer.from(secret, 'base64')).update('kinora events tokens').digest()),
    )
    this.#known = known
  }

  /** A token of this caller, who may see the video. */
  issue({ actor, expiresAt, kid }: Identity, videoId: string): { token: string; expiresAt: Date } {
    if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
    const iat = Math.floor(Date.now() / 1000)
    const byKey = actor.apiKeyId !== undefined && { key: actor.apiKeyId, project: actor.project.id }
    const until = byKey && Number.isFinite(expiresAt) && { until: expiresAt }
    const exp = Math.min(iat + SECONDS, until ? Math.floor(until.until / 1000) : Number.POSITIVE_INFINITY)
    const by = actor.apiKeyId === undefined ? { sid: actor.sessionId, ...(kid !== null && { kid }) } : {}
    const claims = { aud: AUDIENCE, sub: actor.userId, video: videoId, iat, exp, ...by, ...byKey, ...until }
    const [key] = this.#keys
    if (!key) throw new Error('there is no secret to sign with')
    const token = jwt.sign(claims, key, { algorithm: 'HS256', header: { alg: 'HS256', typ: TYPE } })
    return { token, expiresAt: new Date(exp * 1000) }
  }

  /**
   * Who may follow this video by a token. Throws `EVENTS_TOKEN_INVALID`, the reason why the session or API key has ended since, and
   * `DEPENDENCY_UNAVAILABLE` while that, or the roles of the account, cannot be known.
   */
  async identify(token: string, videoId: string): Promise<Identity> {
    const claims = this.#verify(token)
    if (claims?.video !== videoId.toLowerCase()) throw new AppError('EVENTS_TOKEN_INVALID')
    const { kid = null, until = Number.POSITIVE_INFINITY } = claims
    const { revocations, keySet } = this.#known
    if (!revocations.loaded) throw unavailable()
    const actor = await this.#actorOf(claims)
    const checkedAt = performance.now() - (Date.now() - claims.iat * 1000) - SKEW_MS
    revocations.onRevoked({ actor, checkedAt }, (reason) => {
      throw signedOut(reason, 'access')
    })()
    if (kid !== null && !(await keySet.find(kid))) throw new AppError('EVENTS_TOKEN_INVALID')
    return { actor, checkedAt, expiresAt: until, kid }
  }

  #verify(token: string): Claims | undefined {
    for (const key of this.#keys) {
      try {
        const options = { algorithms: ['HS256' as const], audience: AUDIENCE, complete: true as const }
        const { header, payload } = jwt.verify(token, key, options)
        if (header.typ === TYPE) return Claims.parse(payload)
      } catch {
        // Of another key, expired, or no such token.
      }
    }
    return undefined
  }

  /** The account with the roles that it has now. */
  async #actorOf({ sub: userId, sid, key, project }: Claims): Promise<Actor> {
    const projects = await this.#known.memberships.find(userId)
    if (!projects) throw unavailable()
    if (sid !== undefined) return { kind: 'user', userId, sessionId: sid, role: 'user', projects }
    const role = project === userId ? 'owner' : projects[project ?? '']
    if (key === undefined || project === undefined || !role) throw new AppError('EVENTS_TOKEN_INVALID')
    return { kind: 'user', userId, apiKeyId: key, role: 'user', project: { id: project, role } }
  }
}

function unavailable(): AppError {
  return new AppError('DEPENDENCY_UNAVAILABLE', { detail: 'Events tokens cannot be verified now', retryAfterMs: 1000 })
}
