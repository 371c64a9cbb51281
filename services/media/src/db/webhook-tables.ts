import type { VideoEventType, Webhook, WebhookAttempt, WebhookDelivery } from '@kinora/common/contracts'
import type { ColumnType, Generated, Selectable } from 'kysely'

export interface WebhooksTable {
  id: string
  owner_id: string
  url: string
  events: VideoEventType[]
  secret: Buffer
  previous_secret: Buffer | null
  previous_secret_until: Date | null
  disabled_reason: NonNullable<Webhook['disabled']>['reason'] | null
  disabled_at: Date | null
  failing_since: Date | null
  created_at: Generated<Date>
  updated_at: Generated<Date>
}
export type WebhookRow = Selectable<WebhooksTable>

export interface WebhookDeliveriesTable {
  id: string
  webhook_id: string
  type: string
  video_id: string | null
  body: string
  state: Generated<WebhookDelivery['status']>
  tries: Generated<number>
  attempts: ColumnType<WebhookAttempt[], string | undefined, string>
  due_at: ColumnType<Date | null, Date | null | undefined, Date | null>
  lease_token: string | null
  created_at: Generated<Date>
}
export type DeliveryRow = Selectable<WebhookDeliveriesTable>
