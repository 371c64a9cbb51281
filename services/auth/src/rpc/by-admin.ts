import { administratorOnly } from '@kinora/common/actor'
import type { Call, Handler, Method } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'
import type { Context } from '../context.ts'

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
