import { administratorOnly, serviceOnly } from '@kinora/common/actor'
import type { Actor, ApiKeyActor, Call, Handler, Method, SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'
import type { Context } from '../context.ts'

/** A handler that gets the actor beside the call, already narrowed to the kind that its guard lets pass. */
type HandlerFor<A extends Actor, M extends Method> = (
  input: z.output<M['input']>,
  actor: A,
  call: Call,
) => Promise<z.input<M['output']>>

/** For methods that need a session, which only a sign-in opens: a stolen API key must not become an account. */
export function signedIn<M extends Method>(handle: HandlerFor<SessionActor, M>): Handler<M> {
  return signedInOrByKey<M>(async (input, actor, call) => {
    if (actor.sessionId === undefined) throw new AppError('FORBIDDEN')
    return await handle(input, actor, call)
  })
}

/** For methods that programs may call as well, with an API key of the account. */
export function signedInOrByKey<M extends Method>(handle: HandlerFor<SessionActor | ApiKeyActor, M>): Handler<M> {
  return async (input, call) => {
    if (call.actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
    return await handle(input, call.actor, call)
  }
}

/** The account behind a token that is still valid has been deleted. */
export function noSuchUser(): never {
  throw new AppError('UNAUTHENTICATED')
}

/** For methods that one service calls on its own behalf; the operator's command line counts as one. */
export function byService<M extends Method>(name: 'gateway' | 'operator', handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    serviceOnly(call.actor, name)
    return await handle(input, call)
  }
}

/**
 * For methods of administrators and of the operator's command line. The role in the actor is as old as the access token,
 * so the account itself is read on every call.
 */
export function byAdmin<M extends Method>({ users }: Context, handle: Handler<M>): Handler<M> {
  return async (input, call) => {
    administratorOnly(call.actor)
    if (call.actor.kind === 'user') assertAdmin(await users.byId(call.actor.userId))
    return await handle(input, call)
  }
}

function assertAdmin(user: { role: string; disabled_at: Date | null } | undefined): void {
  if (user?.role !== 'admin' || user.disabled_at) throw new AppError('FORBIDDEN')
}

/** For methods by which an administrator acts on a service account; the keys of people are out of reach. */
export function forServiceAccount<M extends Method>(ctx: Context, handle: Handler<M>): Handler<M> {
  return byAdmin<M>(ctx, async (input, call) => {
    const { userId } = input as { userId: string }
    if (!(await ctx.users.serviceAccount(userId))) throw new AppError('SERVICE_ACCOUNT_NOT_FOUND')
    return await handle(input, call)
  })
}
