import type {
  MediaPart,
  Metadata,
  PlaybackKeyAlgorithm,
  Replacement,
  SourceEvent,
  SourceFacts,
  StillFormat,
  Storyboard,
  TaskCause,
  TaskKind,
  TaskStatus,
  TaskWork,
  ToolRuns,
  Video,
  VideoEventType,
  VideoStatus,
  Visibility,
  Warning,
  WebFile,
  Webhook,
  WebhookAttempt,
  WebhookDelivery,
} from '@kinora/common/contracts'
import type { InboxDb, OutboxDb } from '@kinora/common/db'
import type { ColumnType, Generated, JSONColumnType, Kysely, Selectable, Transaction } from 'kysely'
import type {
  FrameRange,
  PlannedTask,
  StoredAudioTrack,
  StoredCaptions,
  StoredChapters,
  StoredWatermark,
  VideoPlan,
} from './stored.ts'
import type { Amount, UploadLinksTable, UploadPiecesTable, UploadsTable } from './upload-tables.ts'

export type { UploadLinkRow, UploadRow } from './upload-tables.ts'

/** Read as a value, written as JSON text: `pg` would write an array as a PostgreSQL array. */
type Json<T> = ColumnType<T, string | undefined, string>
type NullableJson<T> = ColumnType<T | null, string | null | undefined, string | null>

export interface VideosTable {
  id: string
  owner_id: string
  project_id: string
  title: string
  description: string
  tags: string[]
  external_id: string | null
  metadata: ColumnType<Metadata, string | undefined, string>
  visibility: Visibility
  sequence: ColumnType<string, number | undefined, number>
  revision: Generated<number>
  upload_id: string | null
  source_key: string | null
  source_filename: string | null
  source_bytes: ColumnType<string | null, number | null | undefined, number>
  source_sha256: string | null
  clip: NullableJson<FrameRange>
  watermark: NullableJson<StoredWatermark>
  instant_playback: Generated<boolean>
  allowed_domains: ColumnType<string[] | null, string[] | null | undefined, string[] | null>
  web_file: NullableJson<WebFile>
  facts: NullableJson<SourceFacts>
  plan: NullableJson<VideoPlan>
  poster_key: string | null
  passport_key: string | null
  passport_sha256: string | null
  storyboard: NullableJson<Storyboard>
  captions: Json<StoredCaptions[]>
  chapters: NullableJson<StoredChapters>
  chapters_of_owner: Generated<boolean>
  renditions: Json<Video['renditions']>
  audio_tracks: Json<StoredAudioTrack[]>
  status: Generated<VideoStatus>
  playable: Generated<boolean>
  percent: Generated<number>
  stage: Generated<Video['progress']['stage']>
  error: NullableJson<NonNullable<Video['error']>>
  warnings: Json<Warning[]>
  material: Generated<number>
  material_published: Generated<number>
  republish: Generated<boolean>
  delivery_epoch: Generated<number>
  upload_link_id: Generated<string | null>
  max_duration_seconds: Generated<number | null>
  progress_said_at: Generated<Date>
  finish_estimate: ColumnType<Date | null, Date | null | undefined, Date | null>
  created_at: Generated<Date>
  updated_at: Generated<Date>
  ready_at: Date | null
  delete_at: ColumnType<Date | null, string | null | undefined, string | null>
  source_delete_at: ColumnType<Date | null, string | null | undefined, string | null>
  source_days: number | null
  source_removed_at: ColumnType<Date | null, undefined, never>
  source_events: Json<SourceEvent[]>
  version: Generated<string | null>
  replaces: Generated<string | null>
  replacement: NullableJson<Replacement>
}
export type VideoRow = Selectable<VideosTable>

export interface TasksTable {
  id: string
  video_id: string
  kind: TaskKind
  ordinal: number
  label: string
  queue: PlannedTask['queue']
  weight: number
  params: JSONColumnType<TaskWork>
  state: TaskStatus
  attempt: Generated<number>
  message_attempt: number | null
  host_failures: Generated<number>
  memory_failures: Generated<number>
  cause: NullableJson<TaskCause>
  not_before: Date | null
  sent_at: Date | null
  sends: Generated<number>
  held: Generated<boolean>
  early_share: number | null
  lease_token: string | null
  lease_until: Date | null
  worker: string | null
  fraction: Generated<number>
  written: Generated<number>
  started_at: Date | null
}
export type TaskRow = Selectable<TasksTable>

export interface PartsTable {
  task_id: string
  attempt: number
  first_segment: number
  segments: number
  written: JSONColumnType<MediaPart>
}

export type AttemptState = 'queued' | 'running' | 'done' | 'failed' | 'lost' | 'released'

export interface TaskAttemptsTable {
  task_id: string
  attempt: number
  state: AttemptState
  worker: string | null
  queued_at: Generated<Date>
  started_at: Date | null
  ended_at: Date | null
  cause: NullableJson<TaskCause>
  tools: NullableJson<ToolRuns>
}

export interface AttemptLogsTable {
  task_id: string
  attempt: number
  log: string
  written_at: Generated<Date>
}

export interface StillsTable {
  id: string
  video_id: string
  frame: number
  width: number
  format: StillFormat
  number: Generated<number>
  storage_key: string | null
  bytes: number | null
  created_at: Generated<Date>
}
export type StillRow = Selectable<StillsTable>

export interface PlaybackTokensTable {
  id: string
  video_id: string
  expires_at: Date
  revoked_at: Date | null
  created_at: Generated<Date>
}
export type PlaybackTokenRow = Selectable<PlaybackTokensTable>

export interface PlaybackKeysTable {
  id: string
  project_id: string
  owner_id: string
  name: string | null
  algorithm: PlaybackKeyAlgorithm
  public_key: string
  created_at: Generated<Date>
  retired_at: Date | null
}
export type PlaybackKeyRow = Selectable<PlaybackKeysTable>

export interface DeliveryRevocationsTable {
  video_id: string
  epoch: number | null
  revoked_at: Generated<Date>
  expires_at: Date
}

export interface DeletionsTable {
  id: Generated<string>
  key: string
  folder: boolean
  due_at: Generated<Date>
  tries: Generated<number>
  project_id: string | null
  quarantine: Generated<boolean>
  bytes: ColumnType<string, number | undefined, number>
}

export interface InstallationTable {
  singleton: Generated<boolean>
  id: Generated<string>
  created_at: Generated<Date>
  revision: string | null
  next_revision: string | null
  revised_at: Generated<Date>
  sweep_confirmed_until: Date | null
}

export interface ErasedProjectsTable {
  project_id: string
  erased_at: Generated<Date>
  done_at: Date | null
}

export interface ParkedTable {
  id: string
  origin: string
  type: string | null
  body: string
  attempts: number
  error_code: string
  error_message: string
  parked_at: Generated<Date>
}

export interface MediaDb extends OutboxDb, InboxDb {
  videos: VideosTable
  tasks: TasksTable
  parts: PartsTable
  task_attempts: TaskAttemptsTable
  attempt_logs: AttemptLogsTable
  stills: StillsTable
  playback_tokens: PlaybackTokensTable
  playback_keys: PlaybackKeysTable
  delivery_revocations: DeliveryRevocationsTable
  deletions: DeletionsTable
  installation: InstallationTable
  erased_projects: ErasedProjectsTable
  parked: ParkedTable
  uploads: UploadsTable
  upload_pieces: UploadPiecesTable
  upload_links: UploadLinksTable
  project_limits: ProjectLimitsTable
  project_domains: ProjectDomainsTable
  webhooks: WebhooksTable
  webhook_deliveries: WebhookDeliveriesTable
}

/** A connection of the pool, or a transaction. */
export type Db = Kysely<MediaDb>
export type Tx = Transaction<MediaDb>

export interface ProjectLimitsTable {
  project_id: string
  stored_bytes: Amount
  upload_bytes: Amount
  minutes: Amount
  video_seconds: Amount
  running_tasks: Amount
  source_days: number | null
}

export interface ProjectDomainsTable {
  project_id: string
  domains: string[]
  revision: number
}

export interface WebhooksTable {
  id: string
  owner_id: string
  project_id: string
  url: string
  events: VideoEventType[]
  secret: Buffer
  previous_secret: Buffer | null
  previous_secret_until: Date | null
  disabled_reason: NonNullable<Webhook['disabled']>['reason'] | null
  disabled_at: Date | null
  failing_since: Date | null
  failing_slowly: Generated<boolean>
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
