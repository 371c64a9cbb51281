import type { Bus } from '@kinora/common/bus'
import type { Context } from '../context.ts'
import { discardParked } from './discard-parked.ts'
import { getParked } from './get-parked.ts'
import { listParked } from './list-parked.ts'
import { redriveParked } from './parked.ts'

export const parked = (ctx: Context, bus: Bus) => ({
  listParked: listParked(ctx),
  getParked: getParked(ctx),
  redriveParked: redriveParked(ctx, bus),
  discardParked: discardParked(ctx),
})
