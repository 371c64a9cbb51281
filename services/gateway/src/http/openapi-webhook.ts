import type { RouteConfig } from '@asteasolutions/zod-to-openapi'
import { WebhookPayload } from '@kinora/common/contracts'
import { z } from 'zod'

const Headers = z.object({
  'webhook-id': z.uuid().meta({ description: 'The delivery; the same each time it is tried' }),
  'webhook-timestamp': z.string().meta({ description: 'When it was sent, in seconds since 1970' }),
  'webhook-signature': z.string().meta({ description: 'One or more, with spaces between: v1,base64(HMAC-SHA256)' }),
})

/** What is asked of who has a webhook (OpenAPI 3.1, `webhooks`). */
export const WEBHOOK: RouteConfig = {
  method: 'post',
  path: 'event',
  operationId: 'receiveEvent',
  tags: ['Webhooks'],
  summary: 'Something has happened to a video; signed as the Standard Webhooks specification says',
  security: [],
  request: {
    headers: Headers,
    body: { required: true, content: { 'application/json': { schema: WebhookPayload } } },
  },
  responses: {
    '2XX': { description: 'It has arrived' },
    410: { description: 'Nothing more is wanted here; the webhook is disabled' },
    default: { description: 'It is tried again later' },
  },
}
