import {
  media,
  type SupportedVideo,
  type TimelineEntry,
  VideoStatus,
  type WebhookDelivery,
} from '@kinora/common/contracts'
import { type Command, Option } from 'commander'
import { type Act, collect, findUserId, limitOption } from '../cli.ts'
import { type Columns, timeOf } from '../printer.ts'

const COLUMNS: Columns<SupportedVideo> = {
  ID: (video) => video.id,
  TITLE: (video) => video.title,
  STATUS: (video) => video.status,
  DONE: (video) => `${video.progress.percent}%`,
  PROJECT: (video) => video.projectId,
  CREATED: (video) => timeOf(video.createdAt),
  CAUSE: (video) => video.error && `${video.error.code}: ${video.error.detail}`,
}

const DETAILS: Columns<SupportedVideo> = {
  ...COLUMNS,
  'MADE BY': (video) => video.ownerId,
  VISIBILITY: (video) => video.visibility,
  FILE: (video) => video.source?.filename ?? null,
  BYTES: (video) => video.source?.bytes ?? null,
  SECONDS: (video) => video.source?.durationSeconds ?? null,
  RENDITIONS: (video) => video.renditions.map(({ name, status }) => `${name} ${status}`).join(', '),
  WARNINGS: (video) => video.warnings.map(({ code }) => code).join(', '),
  READY: (video) => timeOf(video.readyAt),
}

const ATTEMPTS: Columns<TimelineEntry> = {
  TASK: (entry) => entry.label,
  TRY: (entry) => entry.attempt,
  STATE: (entry) => entry.state,
  WORKER: (entry) => entry.worker,
  STARTED: (entry) => timeOf(entry.startedAt),
  ENDED: (entry) => timeOf(entry.endedAt),
  CAUSE: (entry) => entry.cause && `${entry.cause.code}: ${entry.cause.detail}`,
}

const DELIVERIES: Columns<WebhookDelivery> = {
  ID: (delivery) => delivery.id,
  WEBHOOK: (delivery) => delivery.webhookId,
  TYPE: (delivery) => delivery.type,
  STATE: (delivery) => delivery.status,
  TRIES: (delivery) => delivery.tries,
  CREATED: (delivery) => timeOf(delivery.createdAt),
  NEXT: (delivery) => timeOf(delivery.nextAttemptAt),
}

interface ListOptions {
  project?: string
  owner?: string
  status?: VideoStatus
  externalId?: string
  uploadLink?: string
  q?: string
  limit: number
}

export function videosCommands(program: Command, act: Act): void {
  const videos = program.command('videos').description('find, show and retry videos of all accounts')

  videos
    .command('list')
    .description('list videos, newest first')
    .option('--project <id>', 'only videos of this project; a personal one has the id of its account')
    .option('--owner <user>', 'only videos that this account has made, by its id or e-mail address')
    .addOption(new Option('--status <status>', 'only videos with this status').choices(VideoStatus.options))
    .option('--external-id <id>', 'only videos with this id of their makers')
    .option('--upload-link <id>', 'only videos that came through this upload link')
    .option('--q <text>', 'only videos with this text in the title; with --project or --owner')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, options: ListOptions) => {
        const { project, owner, status, externalId, uploadLink, q, limit } = options
        const filter = {
          ...(project !== undefined && { projectId: project }),
          ...(owner !== undefined && { ownerId: await findUserId(call, owner) }),
          ...(status && { status }),
          ...(externalId !== undefined && { externalId }),
          ...(uploadLink !== undefined && { uploadLinkId: uploadLink }),
          ...(q !== undefined && { q }),
        }
        print.list(await collect(call, media.findVideos, filter, limit), COLUMNS)
      }),
    )

  videos
    .command('show')
    .description('show one video')
    .argument('<video>', 'id of the video')
    .action(
      act(async ({ call, print }, videoId: string) => {
        print.record(await call(media.inspectVideo, { videoId }), DETAILS)
      }),
    )

  videos
    .command('timeline')
    .description('list the attempts at the tasks of a video, with their causes')
    .argument('<video>', 'id of the video')
    .action(
      act(async ({ call, print }, videoId: string) => {
        const { timeline } = await call(media.inspectVideo, { videoId })
        print.list({ items: timeline, nextCursor: null }, ATTEMPTS)
      }),
    )

  videos
    .command('webhooks')
    .description('list the webhook deliveries about a video, newest first')
    .argument('<video>', 'id of the video')
    .addOption(limitOption())
    .action(
      act(async ({ call, print }, videoId: string, { limit }: { limit: number }) => {
        print.list(await collect(call, media.listVideoDeliveries, { videoId }, limit), DELIVERIES)
      }),
    )

  videos
    .command('retry')
    .description('retry the failed tasks of a video')
    .argument('<video>', 'id of the video')
    .action(
      act(async ({ call, print }, videoId: string) => {
        const video = await call(media.retryAnyVideo, { videoId })
        print.done(`${video.id} is being processed again`, video)
      }),
    )
}
