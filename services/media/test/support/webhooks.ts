import { createHmac } from 'node:crypto'
import { BlockList } from 'node:net'
import type { Input, Output } from '@kinora/common/contract'
import { media, VideoEventType, type WebhookDelivery } from '@kinora/common/contracts'
import { until } from '@kinora/dev/harness'
import type { MediaConfig } from '../../src/config.ts'
import type { Gateway, UserActor } from './gateway.ts'
import type { Received } from './receiver.ts'

const here = new BlockList()
here.addSubnet('127.0.0.0', 8, 'ipv4')

/** Lets webhooks go to servers on this machine. */
export const WEBHOOKS_HERE: Partial<MediaConfig> = {
  WEBHOOK_ALLOW_HTTP: true,
  WEBHOOK_ALLOWED_NETWORKS: here,
  WEBHOOK_POLL_MS: 50,
}

/** Those of the signatures of a request that this secret made; written after the specification, not after our code. */
export function goodSignatures(secret: string, { headers, body }: Received): string[] {
  const key = Buffer.from(secret.replace('whsec_', ''), 'base64')
  const signed = [headers['webhook-id'], headers['webhook-timestamp'], body].join('.')
  const expected = `v1,${createHmac('sha256', key).update(signed, 'utf8').digest('base64')}`
  return signaturesOf({ headers }).filter((signature) => signature === expected)
}

export function signaturesOf({ headers }: Pick<Received, 'headers'>): string[] {
  return String(headers['webhook-signature']).split(' ')
}

export function payloadOf({ body }: Received): { type: string; timestamp: string; data: Record<string, unknown> } {
  return JSON.parse(body)
}

/** What owners do with their webhooks. */
export function webhookCalls({ call }: Gateway) {
  const deliveries = async (owner: UserActor, webhookId: string, page = {}) =>
    await call(media.listWebhookDeliveries, { webhookId, ...page }, owner)
  const create = (owner: UserActor, url: string, events: Input<typeof media.createWebhook>['events'] = ALL) =>
    call(media.createWebhook, { url, events }, owner)
  return {
    create,
    deliveries,
    list: (owner: UserActor) => call(media.listWebhooks, {}, owner),
    ping: (owner: UserActor, webhookId: string) => call(media.testWebhook, { webhookId }, owner),
    async webhook(owner: UserActor, id: string): Promise<Output<typeof media.updateWebhook>> {
      return await call(media.updateWebhook, { webhookId: id }, owner)
    },
    /** The delivery, when this is so. */
    async delivery(owner: UserActor, { webhookId, id }: WebhookDelivery, is: (delivery: WebhookDelivery) => boolean) {
      return await until(
        async () => {
          const { items } = await deliveries(owner, webhookId, { limit: 100 })
          return items.find((item) => item.id === id && is(item))
        },
        { timeoutMs: 45_000 },
      )
    },
  }
}

const ALL = VideoEventType.options
