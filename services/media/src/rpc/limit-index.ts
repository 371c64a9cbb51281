import type { Handlers } from '@kinora/common/contract'
import type { limits, media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { getUsage } from './get-usage.ts'
import { getUserUsage } from './get-user-usage.ts'
import { updateUserLimits } from './quotas.ts'

export function limitHandlers(ctx: Context): Pick<Handlers<typeof media>, keyof typeof limits> {
  return {
    getUsage: getUsage(ctx),
    getUserUsage: getUserUsage(ctx),
    updateUserLimits: updateUserLimits(ctx),
  }
}
