import type { RouteConfig } from '@asteasolutions/zod-to-openapi'
import { WebhookPayload } from '@kinora/common/contracts'
import { z } from 'zod'

const Headers = z.object({
  'webhook-id': z.uuid().meta({
    description: 'Id of the delivery; the same at each attempt.',
    example: '01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55',
  }),
  'webhook-timestamp': z.string().meta({
    description: 'Time it was sent, in seconds since 1970.',
    example: '1796018400',
  }),
  'webhook-signature': z.string().meta({
    description: 'One or more signatures, separated by spaces: `v1,` and the HMAC-SHA256 in base64.',
    example: 'v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=',
  }),
})

/** What the owner of a webhook must answer (OpenAPI 3.1, `webhooks`). */
export const WEBHOOK: RouteConfig = {
  method: 'post',
  path: 'event',
  operationId: 'receiveEvent',
  tags: ['Webhooks'],
  summary: 'Receive an event',
  description: 'What Kinora sends to the address of a webhook, signed as the Standard Webhooks specification says.',
  security: [],
  request: {
    headers: Headers,
    body: { required: true, content: { 'application/json': { schema: WebhookPayload } } },
  },
  responses: {
    '2XX': { description: 'Received' },
    410: { description: 'No longer wanted: the webhook is disabled' },
    default: { description: 'Not received: the message is sent again later' },
  },
}
