import type { Call, Handler, Method } from '@kinora/common/contract'
import { AppError } from '@kinora/common/errors'
import type { z } from 'zod'
import type { Context } from '../../context.ts'
import { byAdmin } from '../by-admin.ts'

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
