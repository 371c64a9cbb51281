import type { CallOptions } from '@kinora/common/bus'
import type { Actor } from '@kinora/common/contract'
import type { Scope } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { Authenticate, Identity } from '../identity/authenticate.ts'
import { countedByCaller, type Policy, type RateLimitKey, type RateLimitSubject } from '../rate-limit/policies.ts'
import { type RateLimiter, type Standing, tooMany } from '../rate-limit/rate-limiter.ts'
import { addressKey, clientAddress } from './client-address.ts'

/** `admin`: required, and of an administrator. */
export type AuthRule = 'required' | 'admin' | 'optional' | 'none'

/** What a route row says of who may use it. */
export interface AdmissionRule {
  auth: AuthRule
  limit: Policy
  /** What an API key needs here. Without it API keys are refused, so a row that forgets to say is closed to them. */
  scope?: Scope
}

/** Who is asking, as it is passed on to the services. */
export interface Caller extends Identity {
  call: CallOptions
}

export interface Admission {
  /** Decides by the headers alone whether a request may go on; its body is not touched. */
  admit(req: Request, res: Response, rule: AdmissionRule): Promise<Caller>
  /** Counts a request against one more allowance. */
  count(res: Response, counted: RateLimitKey): Promise<void>
}

const USER_AGENT_CHARACTERS = 512

export function admission(authenticate: Authenticate, limiter: RateLimiter): Admission {
  async function count(res: Response, counted: RateLimitKey): Promise<void> {
    const standing = await limiter.count(counted)
    setRateLimitHeaders(res, limiter.policyOf(counted), standing)
    if (standing.remaining < 0) throw tooMany(standing)
  }

  async function countCaller(res: Response, policy: Policy, asker: RateLimitSubject): Promise<void> {
    for (const counted of countedByCaller(policy, asker)) await count(res, counted)
  }

  return {
    count,
    async admit(req, res, rule) {
      const { auth, limit } = rule
      const origin = originOf(req)
      const address = origin.client.ip
      const authorization = auth === 'none' ? undefined : req.headers.authorization
      const countLookup = () => count(res, { rule: 'key-lookup', key: addressKey(address) })
      const identity = await authenticate(authorization, origin, countLookup).catch(async (error: unknown) => {
        // Guessing tokens is counted like everything else that comes from nobody.
        await countCaller(res, limit, { address, userId: null })
        throw error
      })
      const { actor } = identity
      note(res, actor)
      const userId = actor.kind === 'user' ? actor.userId : null
      await countCaller(res, limit, { address, userId, apiKey: identity.apiKey })
      assertAllowed(res, rule, identity)
      return { ...identity, call: { actor, ...origin } }
    },
  }
}

function originOf(req: Request) {
  const userAgent = (req.headers['user-agent'] ?? '').slice(0, USER_AGENT_CHARACTERS)
  return { requestId: req.id, client: { ip: clientAddress(req), userAgent } }
}

/** For the access log. */
function note(res: Response, actor: Actor): void {
  if (actor.kind !== 'user') return
  res.locals.userId = actor.userId
  if (actor.apiKeyId !== undefined) res.locals.apiKeyId = actor.apiKeyId
}

function assertAllowed(res: Response, { auth, scope }: AdmissionRule, { actor, apiKey }: Identity): void {
  if (apiKey) assertScope(res, scope, apiKey.scopes)
  if (auth === 'none' || auth === 'optional') return
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  // The access token's word; the services look again.
  if (auth === 'admin' && actor.role !== 'admin') throw new AppError('FORBIDDEN')
}

function assertScope(res: Response, scope: Scope | undefined, scopes: ReadonlySet<Scope>): void {
  if (!scope) throw new AppError('API_KEY_NOT_ACCEPTED')
  if (scopes.has(scope)) return
  // RFC 6750 section 3.1.
  res.setHeader('WWW-Authenticate', `Bearer realm="kinora", error="insufficient_scope", scope="${scope}"`)
  throw new AppError('INSUFFICIENT_SCOPE', { detail: `This needs an API key with the scope ${scope}` })
}

/** draft-ietf-httpapi-ratelimit-headers-10; a request that is counted twice has two items in each. */
function setRateLimitHeaders(res: Response, policy: string, { rule, remaining, resetMs }: Standing): void {
  append(res, 'RateLimit-Policy', policy)
  append(res, 'RateLimit', `"${rule}";r=${Math.max(0, remaining)};t=${Math.ceil(resetMs / 1000)}`)
}

function append(res: Response, name: string, item: string): void {
  const present = res.getHeader(name)
  res.setHeader(name, present === undefined ? item : `${present}, ${item}`)
}
