import type { Call, Handler } from '@kinora/common/contract'
import type { Limits, media, Usage } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { addAuditRecord } from '../repositories/parked.ts'
import { changeLimits, usageOf } from '../repositories/project-limits.ts'
import { byAdmin, bySupport, inProject } from './guards.ts'

/** A personal project has the id of its account. */
export function updateUserLimits(ctx: Context): Handler<typeof media.updateUserLimits> {
  return byAdmin<typeof media.updateUserLimits>(
    async ({ userId, ...change }, call) => await update(ctx, userId, change, call, 'USER_NOT_FOUND'),
  )
}

export function updateProjectLimits(ctx: Context): Handler<typeof media.updateProjectLimits> {
  return byAdmin<typeof media.updateProjectLimits>(
    async ({ projectId, ...change }, call) => await update(ctx, projectId, change, call, 'PROJECT_NOT_FOUND'),
  )
}

async function update(
  ctx: Context,
  projectId: string,
  change: Partial<Limits>,
  call: Call,
  gone: 'USER_NOT_FOUND' | 'PROJECT_NOT_FOUND',
): Promise<Usage> {
  return await transact(
    ctx,
    async (tx) => {
      if (await isErased(tx, projectId)) throw new AppError(gone)
      await changeLimits(tx, projectId, change)
      await addAuditRecord(tx, call, 'limits_change', projectId)
      return await usageOf(tx, ctx.config, projectId)
    },
    { call },
  )
}

export function getUsage({ db, config }: Context): Handler<typeof media.getUsage> {
  return inProject<typeof media.getUsage>('read', async (_input, projectId) => await usageOf(db, config, projectId))
}

export function getUserUsage(ctx: Context): Handler<typeof media.getUserUsage> {
  return bySupport<typeof media.getUserUsage>(async ({ userId }, call) => await usageOfOthers(ctx, userId, call))
}

export function getProjectUsage(ctx: Context): Handler<typeof media.getProjectUsage> {
  return bySupport<typeof media.getProjectUsage>(
    async ({ projectId }, call) => await usageOfOthers(ctx, projectId, call),
  )
}

async function usageOfOthers(ctx: Context, projectId: string, call: Call): Promise<Usage> {
  return await transact(
    ctx,
    async (tx) => {
      await addAuditRecord(tx, call, 'usage_read', projectId)
      return await usageOf(tx, ctx.config, projectId)
    },
    { call },
  )
}
