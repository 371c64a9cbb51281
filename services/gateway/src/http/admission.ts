import type { CallOptions } from '@kinora/common/bus'
import type { Actor } from '@kinora/common/contract'
import type { Scope } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { ProjectAction } from '@kinora/common/project-access'
import type { Request, Response } from 'express'
import type { Authenticate, Identity } from '../identity/authenticate.ts'
import type { Memberships } from '../identity/memberships.ts'
import { countedByCaller, type Policy, type RateLimitKey, type RateLimitSubject } from '../rate-limit/policies.ts'
import { type RateLimiter, type RateLimitUsage, rateLimited } from '../rate-limit/rate-limiter.ts'
import { addressKey, clientAddress } from './client-address.ts'

/**
 * Which callers a route admits. `required`: signed in; `support`: as administrator or support; `admin`: as administrator;
 * `none`: credentials are ignored.
 */
export type AuthRule = 'required' | 'support' | 'admin' | 'optional' | 'none'

/** Who may use a route, and how often. */
export interface AdmissionRule {
  auth: AuthRule
  limit: Policy
  /** The scope that an API key needs. Without one, API keys are refused, so a route that forgets it is closed to them. */
  scope?: Scope
  /** What the caller does in a project. Media and auth decide by the caller's role there, which the gateway looks up. */
  project?: ProjectAction
}

/** The identity of a request, with the options of its calls to the services. */
export interface Caller extends Identity {
  call: CallOptions
}

export interface Admission {
  /**
   * Authenticates a request, counts it and checks the rule, from its headers alone; the body is not read. Throws the
   * errors of `Authenticate`, `RATE_LIMITED`, `UNAUTHENTICATED`, `FORBIDDEN`, `API_KEY_NOT_ACCEPTED`, `INSUFFICIENT_SCOPE`.
   */
  admit(req: Request, res: Response, rule: AdmissionRule): Promise<Caller>
  /** Counts a request against one more allowance. Throws `RATE_LIMITED` if that is used up. */
  count(res: Response, counter: RateLimitKey): Promise<void>
}

const USER_AGENT_CHARACTERS = 512

export function admission(authenticate: Authenticate, memberships: Memberships, limiter: RateLimiter): Admission {
  async function count(res: Response, counter: RateLimitKey): Promise<void> {
    const usage = await limiter.count(counter)
    setRateLimitHeaders(res, limiter.policyOf(counter), usage)
    if (usage.remaining < 0) throw rateLimited(usage)
  }

  async function countCaller(res: Response, policy: Policy, subject: RateLimitSubject): Promise<void> {
    for (const counter of countedByCaller(policy, subject)) await count(res, counter)
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
        // Attempts to guess tokens count as anonymous requests.
        await countCaller(res, limit, { address, userId: null })
        throw error
      })
      const { actor } = identity
      setLogFields(res, actor)
      const userId = actor.kind === 'user' ? actor.userId : null
      await countCaller(res, limit, { address, userId, apiKey: identity.apiKey })
      assertAllowed(res, rule, identity)
      const admitted = rule.project === undefined ? identity : await withRoles(identity, memberships)
      return { ...admitted, call: { actor: admitted.actor, ...origin } }
    },
  }
}

/** Adds the caller's roles in projects. An API key has that of its project already. */
async function withRoles(identity: Identity, memberships: Memberships): Promise<Identity> {
  const { actor } = identity
  if (actor.kind !== 'user' || actor.apiKeyId !== undefined) return identity
  const projects = await memberships.find(actor.userId)
  if (!projects) return { ...identity, rolesUnknown: true }
  return Object.keys(projects).length === 0 ? identity : { ...identity, actor: { ...actor, projects } }
}

function originOf(req: Request) {
  const userAgent = (req.headers['user-agent'] ?? '').slice(0, USER_AGENT_CHARACTERS)
  return { requestId: req.id, client: { ip: clientAddress(req), userAgent } }
}

/** Names the caller in the access log. */
function setLogFields(res: Response, actor: Actor): void {
  if (actor.kind !== 'user') return
  res.locals.userId = actor.userId
  if (actor.apiKeyId !== undefined) res.locals.apiKeyId = actor.apiKeyId
}

function assertAllowed(res: Response, { auth, scope }: AdmissionRule, { actor, apiKey }: Identity): void {
  if (apiKey) assertScope(res, scope, apiKey.scopes)
  if (auth === 'none' || auth === 'optional') return
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  // The role in the access token; the services check the account again.
  if (actor.role === 'admin' || auth === 'required') return
  if (auth !== 'support' || actor.role !== 'support') throw new AppError('FORBIDDEN')
}

function assertScope(res: Response, scope: Scope | undefined, scopes: ReadonlySet<Scope>): void {
  if (!scope) throw new AppError('API_KEY_NOT_ACCEPTED')
  if (scopes.has(scope)) return
  // RFC 6750 section 3.1.
  res.setHeader('WWW-Authenticate', `Bearer realm="kinora", error="insufficient_scope", scope="${scope}"`)
  throw new AppError('INSUFFICIENT_SCOPE', { detail: `This needs an API key with the scope ${scope}` })
}

/** draft-ietf-httpapi-ratelimit-headers-10. A request that is counted twice has two items in each header. */
function setRateLimitHeaders(res: Response, policy: string, { rule, remaining, resetMs }: RateLimitUsage): void {
  append(res, 'RateLimit-Policy', policy)
  append(res, 'RateLimit', `"${rule}";r=${Math.max(0, remaining)};t=${Math.ceil(resetMs / 1000)}`)
}

function append(res: Response, name: string, item: string): void {
  const present = res.getHeader(name)
  res.setHeader(name, present === undefined ? item : `${present}, ${item}`)
}
