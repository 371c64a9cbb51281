import type { Handler } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import { userOf } from '../domain/actor.ts'
import { webhooksOf } from '../repositories/webhooks.ts'
import { asWebhook } from './as-webhook.ts'

/** All at once: an account has few. */
export function listWebhooks({ db }: Context): Handler<typeof media.listWebhooks> {
  return async (_input, { actor }) => {
    const rows = await webhooksOf(db, userOf(actor))
    return { items: rows.map(asWebhook), nextCursor: null }
  }
}
