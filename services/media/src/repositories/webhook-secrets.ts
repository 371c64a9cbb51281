import type { SecretCipher } from '@kinora/common/secret-cipher'
import type { WebhookRow } from '../db/webhook-tables.ts'

/** Bound to its webhook: moved to another's row it cannot be opened. */
export function sealSecret(cipher: SecretCipher, webhookId: string, secret: string): Buffer {
  return cipher.encrypt(Buffer.from(secret), labelOf(webhookId))
}

/** The secrets that sign now: the present one, and for a while after a change the one before. */
export function signingSecrets(cipher: SecretCipher, row: WebhookRow, now: Date): string[] {
  const open = (sealed: Buffer) => cipher.decrypt(sealed, labelOf(row.id)).toString()
  const { secret, previous_secret, previous_secret_until } = row
  const isPreviousGood = previous_secret !== null && previous_secret_until !== null && previous_secret_until > now
  return [open(secret), ...(isPreviousGood ? [open(previous_secret)] : [])]
}

function labelOf(webhookId: string): string {
  return `webhook ${webhookId}`
}
