import type { WebhookPayload } from '@kinora/common/contracts'
import { newWebhookSecret, webhookHeaders } from '@kinora/common/webhook-signature'

const ANSWER_MS = 15_000

/** Posts once, as a webhook would be; tells in a sentence what came of it, and never rejects. */
export type Forward = (id: string, payload: WebhookPayload) => Promise<string>

/** Signs with `WEBHOOK_SECRET` (`whsec_…`), or with a new secret, which it shows on standard error. */
export function openForward(url: string, { WEBHOOK_SECRET }: NodeJS.ProcessEnv): Forward {
  const secret = WEBHOOK_SECRET || newWebhookSecret()
  if (!WEBHOOK_SECRET) process.stderr.write(`What is forwarded is signed with ${secret}\n`)
  return async (id, payload) => {
    const body = JSON.stringify(payload)
    const headers = { 'content-type': 'application/json', ...webhookHeaders([secret], { id, at: new Date(), body }) }
    try {
      const signal = AbortSignal.timeout(ANSWER_MS)
      const answer = await fetch(url, { method: 'POST', headers, body, signal, redirect: 'manual' })
      await answer.body?.cancel()
      return `${payload.type}: ${url} answered ${answer.status}`
    } catch (error) {
      const { message, cause } = error as Error
      return `${payload.type}: ${url} did not answer: ${cause instanceof Error ? cause.message : message}`
    }
  }
}
