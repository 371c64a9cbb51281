import {
  type AccountRole,
  type Actor,
  type ApiKeyActor,
  administratorOnly,
  type Call,
  type Handler,
  type Method,
  type SessionActor,
  serviceOnly,
  supportOnly,
} from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'
import type { Context } from '../context.ts'
import type { UserRow } from '../db/schema.ts'

/** A handler that also gets the actor, narrowed to the kind that its guard accepts. */
type HandlerFor<A extends Actor, M extends Method> = (
  input: z.output<M['input']>,
  actor: A,
  call: Call,
) => Promise<z.input<M['output']>>

/** For methods that need a session, which only a sign-in opens, so that a stolen API key cannot take over the account. */
export function signedIn<M extends Method>(handle: HandlerFor<SessionActor, M>): Handler<M> {
  return signedInOrByKey<M>(async (input, actor, call) => {
    if (actor.sessionId === undefined) throw new AppError('FORBIDDEN')
    return await handle(input, actor, call)
  })
}

/** For methods that accept a session or an API key of the account. */
export function signedInOrByKey<M extends Method>(handle: HandlerFor<SessionActor | ApiKeyActor, M>): Handler<M> {
  return async (input, call) => {
    if (call.actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
    return await handle(input, call.actor, call)
  }
}

/** Throws `UNAUTHENTICATED`: the account of a token that is still valid was deleted. */
export function noSuchUser(): never {
  throw new AppError('UNAUTHENTICATED')
}

/** For methods that the gateway calls on its own behalf, not for a user. */
export function byGateway<M extends Method>(handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    serviceOnly(call.actor, 'gateway')
    return await handle(input, call)
  }
}

/**
 * For methods of administrators and of the operator's command line. The role in the actor may be as old as the access token,
 * so the account is read on every call.
 */
export function byAdmin<M extends Method>({ users }: Context, handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    administratorOnly(call.actor)
    if (call.actor.kind === 'user') assertRole(['admin'], await users.byId(call.actor.userId))
    return await handle(input, call)
  }
}

/** The same for methods that the role `support` may use as well. */
export function bySupport<M extends Method>({ users }: Context, handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    supportOnly(call.actor)
    if (call.actor.kind === 'user') assertRole(['support', 'admin'], await users.byId(call.actor.userId))
    return await handle(input, call)
  }
}

function assertRole(roles: readonly AccountRole[], user: UserRow | undefined): void {
  if (!user || !roles.includes(user.role) || user.disabled_at) throw new AppError('FORBIDDEN')
}

/** For methods by which an administrator manages a service account; they refuse accounts of people. */
export function forServiceAccount<M extends Method>(ctx: Context, handle: Handler<M>): Handler<M> {
  return byAdmin<M>(ctx, async (input, call) => {
    const { userId } = input as { userId: string }
    if (!(await ctx.users.serviceAccount(userId))) throw new AppError('SERVICE_ACCOUNT_NOT_FOUND')
    return await handle(input, call)
  })
}
