import type { CallOptions } from '@kinora/common/bus'
import type { Actor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { Request, Response } from 'express'
import type { Authenticate, Identity } from '../identity/authenticate.ts'
import { type Counted, countedByCaller, type Policy } from '../rate-limit/policies.ts'
import { type RateLimiter, type Standing, tooMany } from '../rate-limit/rate-limiter.ts'
import { clientAddress } from './client-address.ts'

/** `admin`: required, and of an administrator. */
export type AuthRule = 'required' | 'admin' | 'optional' | 'none'

/** Who is asking, as it is passed on to the services. */
export interface Caller extends Identity {
  call: CallOptions
}

export interface Admission {
  /** Decides by the headers alone whether a request may go on; its body is not touched. */
  admit(req: Request, res: Response, rule: { auth: AuthRule; limit: Policy }): Promise<Caller>
  /** Counts a request against one more allowance. */
  count(res: Response, counted: Counted): Promise<void>
}

const USER_AGENT_CHARACTERS = 512

export function admission(authenticate: Authenticate, limiter: RateLimiter): Admission {
  async function count(res: Response, counted: Counted): Promise<void> {
    const standing = await limiter.count(counted)
    announce(res, limiter.policyOf(counted.rule), standing)
    if (standing.remaining < 0) throw tooMany(standing)
  }

  async function countCaller(res: Response, policy: Policy, address: string, userId: string | null): Promise<void> {
    for (const counted of countedByCaller(policy, { address, userId })) await count(res, counted)
  }

  return {
    count,
    async admit(req, res, { auth, limit }) {
      const ip = clientAddress(req)
      const identity = await authenticate(auth === 'none' ? undefined : req.headers.authorization).catch(
        async (error: unknown) => {
          // Guessing tokens is counted like everything else that comes from nobody.
          await countCaller(res, limit, ip, null)
          throw error
        },
      )
      const { actor } = identity
      const userId = actor.kind === 'user' ? actor.userId : null
      if (userId !== null) res.locals.userId = userId
      await countCaller(res, limit, ip, userId)
      assertAllowed(auth, actor)
      const userAgent = (req.headers['user-agent'] ?? '').slice(0, USER_AGENT_CHARACTERS)
      return { ...identity, call: { actor, requestId: req.id, client: { ip, userAgent } } }
    },
  }
}

function assertAllowed(auth: AuthRule, actor: Actor): void {
  if (auth === 'none' || auth === 'optional') return
  if (actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
  // The access token's word; the services look again.
  if (auth === 'admin' && actor.role !== 'admin') throw new AppError('FORBIDDEN')
}

/** draft-ietf-httpapi-ratelimit-headers-10; a request that is counted twice has two items in each. */
function announce(res: Response, policy: string, { rule, remaining, resetMs }: Standing): void {
  append(res, 'RateLimit-Policy', policy)
  append(res, 'RateLimit', `"${rule}";r=${Math.max(0, remaining)};t=${Math.ceil(resetMs / 1000)}`)
}

function append(res: Response, name: string, item: string): void {
  const present = res.getHeader(name)
  res.setHeader(name, present === undefined ? item : `${present}, ${item}`)
}
