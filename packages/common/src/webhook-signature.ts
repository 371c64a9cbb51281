import { createHmac, randomBytes } from 'node:crypto'

const PREFIX = 'whsec_'
/** The specification requires 24 to 64. */
const SECRET_BYTES = 32

/** A new secret: `whsec_` and 32 random bytes in base64. */
export function newWebhookSecret(): string {
  return PREFIX + randomBytes(SECRET_BYTES).toString('base64')
}

/**
 * The headers that identify and sign one attempt to deliver `body` (Standard Webhooks 1.0): an HMAC-SHA256 over
 * `id.timestamp.body` for each of `secrets`, so that a receiver that still has the older one can verify it.
 */
export function webhookHeaders(
  secrets: readonly string[],
  { id, at, body }: { id: string; at: Date; body: string },
): Record<string, string> {
  const timestamp = Math.floor(at.getTime() / 1000).toString()
  const content = `${id}.${timestamp}.${body}`
  return {
    'webhook-id': id,
    'webhook-timestamp': timestamp,
    'webhook-signature': secrets.map((secret) => `v1,${sign(secret, content)}`).join(' '),
  }
}

function sign(secret: string, content: string): string {
  const key = Buffer.from(secret.slice(PREFIX.length), 'base64')
  return createHmac('sha256', key).update(content).digest('base64')
}
