import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { Video } from '../video.ts'

/** What may be told of a video, in the order in which it usually happens. */
export const VideoEventType = z.enum([
  'video.uploaded',
  'video.processing',
  'video.playable',
  'video.ready',
  'video.failed',
  'video.deleted',
])
export type VideoEventType = z.infer<typeof VideoEventType>

/** What a video looked like when it happened. Without addresses to play it: those of a private one are keys. */
const VideoFacts = Video.omit({ playback: true })
export type VideoFacts = z.infer<typeof VideoFacts>

/** The body of a webhook, as in the Standard Webhooks specification: https://www.standardwebhooks.com */
export const WebhookPayload = z.discriminatedUnion('type', [
  z.object({ type: VideoEventType, timestamp: Timestamp, data: VideoFacts }),
  z.object({ type: z.literal('ping'), timestamp: Timestamp, data: z.object({ webhookId: Id }) }),
])
export type WebhookPayload = z.infer<typeof WebhookPayload>

export const Webhook = z.object({
  id: Id,
  url: z.string(),
  events: z.array(VideoEventType),
  enabled: z.boolean(),
  /** Why it was disabled: by its owner, because it answered 410, or because nothing has arrived there for days. */
  disabled: z.object({ reason: z.enum(['owner', 'gone', 'failing']), at: Timestamp }).nullable(),
  /** When the first attempt failed after the last that succeeded. */
  failingSince: Timestamp.nullable(),
  /** Until then what is sent is signed with the secret before, too. */
  previousSecretUntil: Timestamp.nullable(),
  createdAt: Timestamp,
  updatedAt: Timestamp,
})
export type Webhook = z.infer<typeof Webhook>

/** The answers that show a secret; there is no other way to read it. */
export const NewWebhook = Webhook.extend({ secret: z.string() })

export const WebhookAttempt = z.object({
  at: Timestamp,
  durationMs: z.number().int(),
  /** The status of the response; null when there was none. */
  status: z.number().int().nullable(),
  /** How the response begins. */
  response: z.string().nullable(),
  /** Why there was none, e.g. `ECONNREFUSED`, `TIMEOUT`, `ADDRESS_REFUSED`. */
  error: z.string().nullable(),
})
export type WebhookAttempt = z.infer<typeof WebhookAttempt>

export const WebhookDelivery = z.object({
  /** The `webhook-id` header, the same for every attempt. */
  id: Id,
  webhookId: Id,
  type: z.string(),
  /** Null for a ping. */
  videoId: Id.nullable(),
  status: z.enum(['pending', 'delivered', 'failed']),
  tries: z.number().int(),
  /** The last twenty, oldest first. */
  attempts: z.array(WebhookAttempt),
  nextAttemptAt: Timestamp.nullable(),
  createdAt: Timestamp,
})
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

const OneWebhook = z.strictObject({ webhookId: Id })
const Address = z.url({ protocol: /^https?$/ }).max(2000)
const Events = z
  .array(VideoEventType)
  .min(1)
  .max(VideoEventType.options.length)
  .refine((types) => new Set(types).size === types.length, 'has a type twice')

export const webhooks = {
  listWebhooks: {
    summary: 'Where the signed-in user wants to be told of changes of videos, oldest first',
    input: Nothing,
    output: pageOf(Webhook),
    errors: [],
    idempotent: true,
  },
  createWebhook: {
    summary: 'Be told of changes of own videos; the answer is the only place where the secret is shown',
    input: z.strictObject({ url: Address, events: Events }),
    output: NewWebhook,
    errors: ['WEBHOOK_LIMIT_REACHED', 'ACCOUNT_ERASED'],
    idempotent: false,
  },
  updateWebhook: {
    summary: 'Change where and of what a webhook tells, or switch it off and on',
    input: OneWebhook.extend({ url: Address.optional(), events: Events.optional(), enabled: z.boolean().optional() }),
    output: Webhook,
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: true,
  },
  deleteWebhook: {
    summary: 'Delete a webhook and its deliveries',
    input: OneWebhook,
    output: Nothing,
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: true,
  },
  rotateWebhookSecret: {
    summary: 'Sign with a new secret from now on, and with the old one, too, for 24 hours',
    input: OneWebhook,
    output: NewWebhook,
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: false,
  },
  testWebhook: {
    summary: 'Send a ping',
    input: OneWebhook,
    output: WebhookDelivery,
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DISABLED'],
    idempotent: false,
  },
  listWebhookDeliveries: {
    summary: 'What was sent in the last 30 days, or is to be, newest first',
    input: PageQuery.extend(OneWebhook.shape),
    output: pageOf(WebhookDelivery),
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: true,
  },
  redeliverWebhook: {
    summary: 'Send a delivery once more now, under the id that it has',
    input: OneWebhook.extend({ deliveryId: Id }),
    output: WebhookDelivery,
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DISABLED', 'WEBHOOK_DELIVERY_NOT_FOUND'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
