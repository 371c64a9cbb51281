import { serviceOnly } from '@kinora/common/actor'
import type { Handler } from '@kinora/common/contract'
import type { auth } from '@kinora/common/contracts'
import type { Context } from '../../context.ts'

export function listRevocations({ revocations, now }: Context): Handler<typeof auth.listRevocations> {
  return async ({ after }, { actor }) => {
    serviceOnly(actor, 'gateway')
    return await revocations.after(after, now())
  }
}
