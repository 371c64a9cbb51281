import type { Actor, Call, Handler, Method } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'

export type SignedInUser = Extract<Actor, { kind: 'user' }>

/** For methods that only a signed-in user may call; the one place where auth says `UNAUTHENTICATED`. */
export function signedIn<M extends Method>(
  handle: (input: z.output<M['input']>, user: SignedInUser, call: Call) => Promise<z.input<M['output']>>,
): Handler<M> {
  return async (input, call) => {
    if (call.actor.kind !== 'user') throw new AppError('UNAUTHENTICATED')
    return await handle(input, call.actor, call)
  }
}

/** The account behind a token that is still valid has been deleted. */
export function noSuchUser(): never {
  throw new AppError('UNAUTHENTICATED')
}
