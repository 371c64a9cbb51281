import { createSecretCipher, type SecretCipher } from '@kinora/common/secret-cipher'
import type { MediaConfig } from '../config.ts'
import type { TargetRule } from './webhook-address.ts'
import { addressRule } from './webhook-address.ts'

/** What everything about webhooks needs of the configuration. */
export interface Webhooks {
  cipher: SecretCipher
  target: TargetRule
  perAccount: number
}

export function openWebhooks(config: MediaConfig): Webhooks {
  return {
    cipher: createSecretCipher(Buffer.from(config.WEBHOOK_ENCRYPTION_KEY, 'base64'), 'kinora webhook secrets'),
    target: {
      allowHttp: config.WEBHOOK_ALLOW_HTTP,
      allowsAddress: addressRule(config.WEBHOOK_ALLOWED_NETWORKS),
    },
    perAccount: config.WEBHOOKS_PER_ACCOUNT,
  }
}
