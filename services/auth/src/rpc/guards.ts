import { administratorOnly } from '@kinora/common/actor'
import type { ApiKeyActor, Call, Handler, Method, SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'
import type { Context } from '../context.ts'

type HandlerFor<Who, M extends Method> = (
  input: z.output<M['input']>,
  who: Who,
  call: Call,
) => Promise<z.input<M['output']>>

/** For methods that only a person may call, who has signed in: a stolen API key must not become an account. */
export function signedIn<M extends Method>(handle: HandlerFor<SessionActor, M>): Handler<M> {
  return signedInOrByKey<M>(async (input, actor, call) => {
    if (actor.sessionId === undefined) throw new AppError('FORBIDDEN')
    return await handle(input, actor, call)
  })
}

/** For methods that programs may call, too, with an API key of the account. */
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

/**
 * For methods of administrators and of the operator's command line. The role in the actor is as old as the access token,
 * so the account itself is looked at on every call.
 */
export function byAdmin<M extends Method>(
  { users }: Context,
  handle: (input: z.output<M['input']>, call: Call) => Promise<z.input<M['output']>>,
): Handler<M> {
  return async (input, call) => {
    administratorOnly(call.actor)
    if (call.actor.kind === 'user') assertAdmin(await users.byId(call.actor.userId))
    return await handle(input, call)
  }
}

function assertAdmin(user: { role: string; disabled_at: Date | null } | undefined): void {
  if (user?.role !== 'admin' || user.disabled_at) throw new AppError('FORBIDDEN')
}

/** For methods by which an administrator acts on a service account; people's own keys are out of their reach. */
export function forServiceAccount<M extends Method>(
  ctx: Context,
  handle: (input: z.output<M['input']>, call: Call) => Promise<z.input<M['output']>>,
): Handler<M> {
  return byAdmin<M>(ctx, async (input, call) => {
    const { userId } = input as { userId: string }
    if (!(await ctx.users.serviceAccount(userId))) throw new AppError('SERVICE_ACCOUNT_NOT_FOUND')
    return await handle(input, call)
  })
}
