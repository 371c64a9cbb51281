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

/** What the tools of an attempt printed, its end. */
const Log = z.string().max(MAX_LOG_LENGTH)

/** Everything that is said on the `events` exchange; the key is the routing key. */
export const events = defineEvents({
  'auth.sessions-revoked': {
    summary: 'Access tokens of these sessions must be refused from now on, and these API keys looked up anew',
    publisher: 'auth',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: Revocation,
  },
  'auth.keys-changed': {
    summary: 'The signing keys have changed. Carries none of them: receivers ask auth, whose answer they can trust',
    publisher: 'auth',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({}),
  },
  'auth.user-erased': {
    summary: 'An account was deleted; whatever else is kept of this person must go. Said again until all have answered',
    publisher: 'auth',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ userId: Id }),
  },
  'auth.account-claimed': {
    summary:
      'The address of an account was proved for the first time. What was created for it before may be of a stranger',
    publisher: 'auth',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ userId: Id, claimedAt: Timestamp }),
  },
  'video.owner-erased': {
    summary: 'Nothing of this owner is left: no video, no link to one, no file, and nobody who could still write one',
    publisher: 'media',
    subscribers: ['auth'],
    listeners: [],
    version: 1,
    data: z.object({ ownerId: Id }),
  },
  'audit.noted': {
    summary: 'An administrator has done something in another service than auth, which keeps the audit log',
    publisher: 'media',
    subscribers: ['auth'],
    listeners: [],
    version: 1,
    data: NotedAction,
  },
  'video.changed': {
    summary: 'A video has a new state; carries the state, so that a late listener needs only the last one',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({
      videoId: Id,
      ownerId: Id,
      status: VideoStatus,
      playable: z.boolean(),
      visibility: Visibility,
      progress: Progress,
      error: VideoError.nullable(),
    }),
  },
  'video.milestone-reached': {
    summary: 'What webhooks tell of a video, for whoever listens to all of them',
    publisher: 'media',
    subscribers: [],
    listeners: ['operator'],
    version: 1,
    data: z.object({ ownerId: Id, payload: WebhookPayload }),
  },
  'video.deleted': {
    summary: 'A video is gone; its files are being removed',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ videoId: Id, ownerId: Id }),
  },
  'playback.revoked': {
    summary: 'A playback token must be refused from now on',
    publisher: 'media',
    subscribers: [],
    listeners: ['gateway'],
    version: 1,
    data: z.object({ videoId: Id, tokenId: Id, expiresAt: Timestamp }),
  },
  'task.progressed': {
    summary: 'A worker is alive and this far, and has finished these segments since it last told; renews the lease',
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
      /** Comes with what was written, when there are more runs than were told before. */
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
    summary: 'A worker could not do this attempt',
    publisher: 'worker',
    subscribers: ['media'],
    listeners: [],
    version: 1,
    data: z.object({ taskId: Id, attempt: z.number().int(), leaseToken: Id, cause: TaskCause, log: Log.optional() }),
  },
})
