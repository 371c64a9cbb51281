import { z } from 'zod'
import type { MethodSpec } from '../../contract.ts'
import { Id, PageQuery, pageOf } from '../shared.ts'
import { ExternalId } from './metadata.ts'
import { TimelineEntry } from './tasks.ts'
import { OneVideo, SearchText, Video, VideoStatus } from './video.ts'
import { WebhookDelivery } from './webhooks.ts'

/** A video without its addresses: who supports its owner sees what happened to it, and none of its frames. */
export const SupportedVideo = Video.omit({ playback: true })
export type SupportedVideo = z.infer<typeof SupportedVideo>

/** For administrators, the role support and the operator's command line. All of it is in the audit log. */
export const support = {
  findVideos: {
    summary: 'Find videos of all accounts and projects',
    description:
      'Newest first. A text is looked for within a project or an account. Without the addresses of the videos: they cannot be watched this way.',
    input: PageQuery.extend({
      projectId: Id.optional().meta({ description: 'Only videos of this project.' }),
      ownerId: Id.optional().meta({ description: 'Only videos that this account has made.' }),
      status: VideoStatus.optional().meta({ description: 'Only entries with this status.', example: 'failed' }),
      externalId: ExternalId.optional().meta({
        description: 'Only videos with this id of their makers, in any project.',
        example: 'lesson-42',
      }),
      uploadLinkId: Id.optional().meta({ description: 'Only videos that came through this upload link.' }),
      q: SearchText.optional().meta({
        description: 'Text to look for in titles; with `projectId` or `ownerId`.',
        example: 'holiday',
      }),
    }),
    output: pageOf(SupportedVideo),
    errors: ['VALIDATION_FAILED'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  inspectVideo: {
    summary: 'Get any video, and the attempts at its tasks',
    description: 'Its state, causes and timeline, without its addresses.',
    input: OneVideo,
    output: SupportedVideo.extend({
      timeline: z.array(TimelineEntry).meta({ description: 'The attempts at its tasks, in the order of their start.' }),
    }),
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  listVideoDeliveries: {
    summary: 'List the webhook deliveries about any video',
    description: 'Of all webhooks of its project, newest first, without the messages.',
    input: PageQuery.extend(OneVideo.shape),
    output: pageOf(WebhookDelivery),
    errors: ['VIDEO_NOT_FOUND'],
    idempotent: true,
    callers: ['gateway', 'operator'],
  },
  retryAnyVideo: {
    summary: 'Retry the failed tasks of any video',
    description: 'On behalf of those who may edit it.',
    input: OneVideo,
    output: SupportedVideo,
    errors: ['VIDEO_NOT_FOUND', 'NOTHING_TO_RETRY'],
    idempotent: false,
    callers: ['gateway', 'operator'],
  },
} as const satisfies Record<string, MethodSpec>
