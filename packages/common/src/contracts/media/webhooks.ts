import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, NO_CONTROL, Nothing, PageQuery, pageOf, Timestamp } from '../shared.ts'
import { InProject, Video } from './video.ts'

/** Event types of webhooks, in the order in which they usually happen. */
export const VideoEventType = z.enum([
  'video.uploaded',
  'video.processing',
  'video.playable',
  'video.ready',
  'video.failed',
  'video.source_replaced',
  'video.replacement_failed',
  'video.source_removed',
  'video.deleted',
  'video.delivery_revoked',
])
export type VideoEventType = z.infer<typeof VideoEventType>

/** The video at the time of the event, without playback addresses, because those of a private video contain tokens. */
const VideoFacts = Video.omit({ playback: true })
export type VideoFacts = z.infer<typeof VideoFacts>

/** The body of a webhook, as in the Standard Webhooks specification: https://www.standardwebhooks.com */
export const WebhookPayload = z.discriminatedUnion('type', [
  z.object({
    type: VideoEventType.meta({ description: 'What happened.', example: 'video.ready' }),
    timestamp: Timestamp.meta({ description: 'When it happened (UTC).' }),
    data: VideoFacts.meta({ description: 'The video as it was then, without play addresses.' }),
  }),
  z.object({
    type: z.literal('ping').meta({ description: 'A test message.', example: 'ping' }),
    timestamp: Timestamp.meta({ description: 'When it happened (UTC).' }),
    data: z
      .object({ webhookId: Id.meta({ description: 'Id of the webhook.' }) })
      .meta({ description: 'What the message is about.' }),
  }),
])
export type WebhookPayload = z.infer<typeof WebhookPayload>

export const Webhook = z.object({
  id: Id.meta({ description: 'Id of the webhook.' }),
  projectId: Id.meta({ description: 'Id of the project whose videos it reports.' }),
  ownerId: Id.meta({ description: 'Id of the account that created the webhook.' }),
  url: z.string().meta({
    description: 'Address that messages are sent to (http or https).',
    example: 'https://example.org/hooks/kinora',
  }),
  events: z
    .array(VideoEventType)
    .meta({ description: 'Event types to send.', example: ['video.ready', 'video.failed'] }),
  enabled: z.boolean().meta({ description: 'Whether messages are sent.', example: true }),
  disabled: z
    .object({
      reason: z.enum(['owner', 'gone', 'failing']).meta({
        description: 'owner: by its owner. gone: it answered 410. failing: nothing arrived for days.',
        example: 'failing',
      }),
      at: Timestamp.meta({ description: 'When (UTC).' }),
    })
    .nullable()
    .meta({ description: 'Why and when the webhook was disabled; null while it is enabled.' }),
  failingSince: Timestamp.nullable().meta({
    description: 'First failed attempt since the last success (UTC); null if no attempt has failed since.',
  }),
  previousSecretUntil: Timestamp.nullable().meta({
    description: 'Until then messages are also signed with the previous secret (UTC); null without one.',
  }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
  updatedAt: Timestamp.meta({ description: 'When it was last changed (UTC).' }),
})
export type Webhook = z.infer<typeof Webhook>

/** The only answers that contain the secret. */
export const NewWebhook = Webhook.extend({
  secret: z.string().meta({
    description: 'Secret to check signatures with; shown only here.',
    example: 'whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw',
  }),
})

export const WebhookAttempt = z.object({
  at: Timestamp.meta({ description: 'When (UTC).' }),
  durationMs: z.number().int().meta({ description: 'Duration of the attempt in milliseconds.', example: 120 }),
  status: z
    .number()
    .int()
    .nullable()
    .meta({ description: 'HTTP status of the response; null without a response.', example: 204 }),
  response: z
    .string()
    .nullable()
    .meta({ description: 'Start of the response body; null without a response.', example: 'ok' }),
  error: z.string().nullable().meta({
    description: 'Why there was no response, such as ECONNREFUSED, TIMEOUT or ADDRESS_REFUSED; null if there was one.',
    example: 'TIMEOUT',
  }),
})
export type WebhookAttempt = z.infer<typeof WebhookAttempt>

export const WebhookDelivery = z.object({
  id: Id.meta({ description: 'Id of the delivery, as in its `webhook-id` header.' }),
  webhookId: Id.meta({ description: 'Id of the webhook.' }),
  type: z.string().meta({ description: 'Event type of the message.', example: 'video.ready' }),
  videoId: Id.nullable().meta({ description: 'Id of the video; null for a ping.' }),
  status: z
    .enum(['pending', 'delivered', 'failed'])
    .meta({ description: 'What became of the delivery.', example: 'delivered' }),
  tries: z.number().int().meta({ description: 'Number of attempts so far.', example: 1 }),
  attempts: z.array(WebhookAttempt).meta({ description: 'The last twenty attempts, oldest first.' }),
  nextAttemptAt: Timestamp.nullable().meta({ description: 'When it is tried next (UTC); null if it is not.' }),
  createdAt: Timestamp.meta({ description: 'When it was created (UTC).' }),
})
export type WebhookDelivery = z.infer<typeof WebhookDelivery>

const OneWebhook = z.strictObject({ webhookId: Id.meta({ description: 'Id of the webhook.' }) })
/** Checked before `z.url` trims it. */
const Address = z
  .string()
  .max(2000)
  .regex(NO_CONTROL)
  .pipe(z.url({ protocol: /^https?$/ }))
const Events = z
  .array(VideoEventType)
  .min(1)
  .max(VideoEventType.options.length)
  .refine((types) => new Set(types).size === types.length, 'has a type twice')

export const webhooks = {
  listWebhooks: {
    summary: 'List webhooks',
    description: 'The webhooks of a project, oldest first.',
    input: z.strictObject({ projectId: InProject }),
    output: pageOf(Webhook),
    errors: ['PROJECT_NOT_FOUND'],
    idempotent: true,
  },
  createWebhook: {
    summary: 'Create a webhook',
    description: 'Sends events of the videos of a project to an address. Only this answer contains the signing secret.',
    input: z.strictObject({
      projectId: InProject,
      url: Address.meta({
        format: 'uri',
        description: 'Address that messages are sent to (http or https).',
        example: 'https://example.org/hooks/kinora',
      }),
      events: Events.meta({ description: 'Event types to send.', example: ['video.ready', 'video.failed'] }),
    }),
    output: NewWebhook,
    errors: ['PROJECT_NOT_FOUND', 'WEBHOOK_LIMIT_REACHED', 'ACCOUNT_ERASED'],
    idempotent: false,
  },
  updateWebhook: {
    summary: 'Update a webhook',
    description:
      'Changes its address or event types, or disables or enables it. Fields that are left out stay as they are.',
    input: OneWebhook.extend({
      url: Address.optional().meta({
        format: 'uri',
        description: 'Address that messages are sent to (http or https).',
        example: 'https://example.org/hooks/kinora',
      }),
      events: Events.optional().meta({ description: 'Event types to send.', example: ['video.ready', 'video.failed'] }),
      enabled: z.boolean().optional().meta({ description: 'Whether messages are sent.', example: true }),
    }),
    output: Webhook,
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: true,
  },
  deleteWebhook: {
    summary: 'Delete a webhook',
    description: 'Deletes its deliveries as well.',
    input: OneWebhook,
    output: Nothing,
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: true,
  },
  rotateWebhookSecret: {
    summary: 'Rotate the secret of a webhook',
    description: 'Messages are signed with the new secret from now on, and with the previous one as well for 24 hours.',
    input: OneWebhook,
    output: NewWebhook,
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: false,
  },
  testWebhook: {
    summary: 'Send a test message',
    description: 'Sends a `ping` to the webhook.',
    input: OneWebhook,
    output: WebhookDelivery,
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DISABLED', 'WEBHOOK_TESTS_PENDING'],
    idempotent: false,
  },
  listWebhookDeliveries: {
    summary: 'List the deliveries of a webhook',
    description: 'Deliveries of the last 30 days and those that are still pending, newest first.',
    input: PageQuery.extend(OneWebhook.shape),
    output: pageOf(WebhookDelivery),
    errors: ['WEBHOOK_NOT_FOUND'],
    idempotent: true,
  },
  redeliverWebhook: {
    summary: 'Repeat a delivery',
    description: 'Sends the message again now, under the same delivery id.',
    input: OneWebhook.extend({ deliveryId: Id.meta({ description: 'Id of the delivery.' }) }),
    output: WebhookDelivery,
    errors: ['WEBHOOK_NOT_FOUND', 'WEBHOOK_DISABLED', 'WEBHOOK_DELIVERY_NOT_FOUND', 'WEBHOOK_TESTS_PENDING'],
    idempotent: true,
  },
} as const satisfies Record<string, MethodSpec>
