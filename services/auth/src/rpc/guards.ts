import type { ApiKeyActor, Call, Handler, Method, SessionActor } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'

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
