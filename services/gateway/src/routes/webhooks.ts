import { media } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const webhook = '/v1/webhooks/:webhookId'
const read = { auth: 'required', scope: 'webhooks:read', project: 'manage', limit: 'general' } as const
const write = { auth: 'required', scope: 'webhooks:write', project: 'manage', limit: 'general' } as const

/** A repetition would send another message, or replace the secret again. */
const once = { idempotencyKey: true } as const

export const webhooks = tagged('Webhooks', [
  { method: 'get', path: '/v1/webhooks', rpc: media.listWebhooks, ...read, status: 200 },
  { method: 'post', path: '/v1/webhooks', rpc: media.createWebhook, ...write, status: 201 },
  { method: 'patch', path: webhook, rpc: media.updateWebhook, ...write, status: 200 },
  { method: 'delete', path: webhook, rpc: media.deleteWebhook, ...write, status: 204 },
  { method: 'post', path: `${webhook}/rotate-secret`, rpc: media.rotateWebhookSecret, ...write, ...once, status: 200 },
  { method: 'post', path: `${webhook}/test`, rpc: media.testWebhook, ...write, ...once, status: 202 },
  { method: 'get', path: `${webhook}/deliveries`, rpc: media.listWebhookDeliveries, ...read, status: 200 },
  {
    method: 'post',
    path: `${webhook}/deliveries/:deliveryId/redeliver`,
    rpc: media.redeliverWebhook,
    ...write,
    ...once,
    status: 202,
  },
])
