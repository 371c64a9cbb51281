import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'
import { signedInOrByKey } from '../signed-in.ts'
import { pageOfAudit, placeBefore, toAuditEntry } from './page-of-audit.ts'

export function listAudit({ audit }: Context): Handler<typeof auth.listAudit> {
  return signedInOrByKey<typeof auth.listAudit>(async ({ limit, cursor }, { userId }) => {
    const rows = await audit.find({ userId }, { limit: limit + 1, before: placeBefore(cursor) })
    return pageOfAudit(rows, limit, toAuditEntry)
  })
}
