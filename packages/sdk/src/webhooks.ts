import { Webhook } from 'standardwebhooks'
import { KinoraError } from './errors.ts'
import type { WebhookPayload } from './types.ts'

/** Headers of a request: those of Node and Express, of `fetch`, or a plain object. */
export type WebhookHeaders = Headers | Record<string, string | string[] | undefined>

const NAMES = ['webhook-id', 'webhook-timestamp', 'webhook-signature']

/**
 * Checks the signature of a webhook (Standard Webhooks) and returns its event. `body` is the body as it arrived, not parsed.
 * Throws `WEBHOOK_SIGNATURE_INVALID` for a request that Kinora did not sign with this secret within the last five minutes.
 */
export function verifyWebhook(body: string | Uint8Array, headers: WebhookHeaders, secret: string): WebhookPayload {
  const text = typeof body === 'string' ? body : new TextDecoder().decode(body)
  const given = Object.fromEntries(NAMES.map((name) => [name, headerOf(headers, name)]))
  try {
    return new Webhook(secret).verify(text, given) as WebhookPayload
  } catch (cause) {
    throw new KinoraError(`The webhook was refused: ${cause instanceof Error ? cause.message : cause}`, {
      code: 'WEBHOOK_SIGNATURE_INVALID',
      cause,
    })
  }
}

function headerOf(headers: WebhookHeaders, name: string): string {
  if (headers instanceof Headers) return headers.get(name) ?? ''
  const value = Object.entries(headers).find(([key]) => key.toLowerCase() === name)?.[1]
  return Array.isArray(value) ? (value[0] ?? '') : (value ?? '')
}
