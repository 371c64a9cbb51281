import type { AdminUser } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../../context.ts'
import { toAdminUser } from '../../domain/to-admin-user.ts'

/** Throws `USER_NOT_FOUND`. */
export async function overviewOf({ userOverviews, now }: Context, userId: string): Promise<AdminUser> {
  const row = await userOverviews.byId(userId, now())
  if (!row) throw new AppError('USER_NOT_FOUND')
  return toAdminUser(row)
}
