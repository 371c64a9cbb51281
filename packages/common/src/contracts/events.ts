import { z } from 'zod'
import { defineEvents } from '../contract.ts'
import { NotedAction, Revocation } from './auth/index.ts'
import { ToolRuns } from './evidence.ts'
import { MAX_LOG_LENGTH } from './media/tasks.ts'
import { Progress, VideoError, VideoStatus, Visibility } from './media/video.ts'
import { WebhookPayload } from './media/webhooks.ts'
import { Id, Timestamp } from './shared.ts'
import { Warnings } from './warnings.ts'
import { MediaPart, TaskCause, TaskResult } from './work.ts'

/** The end of what the tools of an attempt printed. */
const Log = z.string().max(MAX_LOG_LENGTH)

/** All events of the `events` exchange; the key is the routing key. */
export const events = defineEvents({
  'auth.sessions-revoked': {
    summary: 'Sessions or API keys were revoked: gateways refuse their access tokens, and look up the keys again',
    publisher: 'auth',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: Revocation,
  },
  'auth.keys-changed': {
    summary:
      'The signing keys have changed. The event has no keys: receivers fetch them from auth, which they can trust',
    publisher: 'auth',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({}),
  },
  'auth.user-erased': {
    summary:
      'An account was deleted, and its data in other services must be removed. Repeated until all have confirmed it',
    publisher: 'auth',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ userId: Id }),
  },
  'auth.project-erased': {
    summary:
      'A project was deleted, and its data in other services must be removed. Repeated until all have confirmed it',
    publisher: 'auth',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ projectId: Id }),
  },
  'auth.project-changed': {
    summary:
      'An admin changed the sites that may play the videos of a project; a lower revision than a known one is old',
    publisher: 'auth',
    subscribers: ['media'],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ projectId: Id, revision: z.number().int(), allowedDomains: z.array(z.string()) }),
  },
  'auth.account-claimed': {
    summary:
      'The address of an account was confirmed for the first time. A stranger may have created what the account had before',
    publisher: 'auth',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ userId: Id, claimedAt: Timestamp }),
  },
  'video.owner-erased': {
    summary: 'All data of a deleted account or project was removed from media: videos, playback links and files',
    publisher: 'media',
    subscribers: ['auth'],
    listeners: [],
    version: 1,
    data: z.object({ ownerId: Id }),
  },
  'audit.noted': {
    summary: 'An administrator or a member of a project did something outside auth, which keeps the audit log',
    publisher: 'media',
    subscribers: ['auth'],
    listeners: [],
    version: 1,
    data: NotedAction,
  },
  'video.changed': {
    summary: 'A video has a new state. The event has the whole state, so that listeners need only the last one',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({
      videoId: Id,
      ownerId: Id,
      /** Absent in events of an earlier version, whose videos were all in the personal project of their owner. */
      projectId: Id.optional(),
      status: VideoStatus,
      playable: z.boolean(),
      visibility: Visibility,
      /** Absent in events of an earlier version. Null: as the project says. */
      allowedDomains: z.array(z.string()).nullable().optional(),
      progress: Progress,
      error: VideoError.nullable(),
    }),
  },
  'video.still-ended': {
    summary: 'The task of a still has ended, with a picture or without one; gateways ask again for requests that wait',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ videoId: Id, stillId: Id }),
  },
  'video.milestone-reached': {
    summary: 'A video has reached a milestone that webhooks report; for the command line of operators',
    publisher: 'media',
    subscribers: [],
    listeners: ['operator'],
    version: 1,
    data: z.object({ ownerId: Id, payload: WebhookPayload }),
  },
  'video.deleted': {
    summary: 'A video was deleted; its files will be removed',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ videoId: Id, ownerId: Id }),
  },
  'video.delivery-revoked': {
    summary: 'Addresses of the files of a video below an epoch (null: all) are refused by gateways',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ videoId: Id, epoch: z.number().int().nullable(), expiresAt: Timestamp }),
  },
  'playback.revoked': {
    summary: 'A playback token was revoked; gateways refuse it',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ videoId: Id, tokenId: Id, expiresAt: Timestamp }),
  },
  'upload-link.revoked': {
    summary: 'An upload link was revoked; gateways cut off the uploads that come by it',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ linkId: Id }),
  },
  'playback.key-retired': {
    summary: 'A playback key was retired; gateways refuse its tokens',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ playbackKeyId: Id, expiresAt: Timestamp }),
  },
  'task.progressed': {
    summary: 'A heartbeat of a running task with its progress and its new segments; renews the lease',
    publisher: 'worker',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({
      taskId: Id,
      attempt: z.number().int(),
      leaseToken: Id,
      fraction: z.number().min(0).max(1),
      written: MediaPart.optional(),
      /** All runs so far; present together with `written`, when there are new ones. */
      tools: ToolRuns.optional(),
    }),
  },
  'task.finished': {
    summary: 'A worker has written all files of this attempt',
    publisher: 'worker',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({
      taskId: Id,
      attempt: z.number().int(),
      leaseToken: Id,
      result: TaskResult,
      /** What the task left out of the video. */
      warnings: Warnings.optional(),
      tools: ToolRuns.optional(),
      log: Log.optional(),
    }),
  },
  'task.failed': {
    summary: 'An attempt of a worker failed',
    publisher: 'worker',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ taskId: Id, attempt: z.number().int(), leaseToken: Id, cause: TaskCause, log: Log.optional() }),
  },
})
