import { zodToOpenAPIRegistry } from '@asteasolutions/zod-to-openapi'
import * as contracts from '@kinora/common/contracts'
import { z } from 'zod'
import { VideoEvent } from '../live/video-feed.ts'
import { Problem } from './openapi-problems.ts'

/** Replaces `SignedIn` where the refresh token is sent in a cookie. */
export const SignedInByCookie = contracts.SignedIn.omit({ refreshToken: true, deviceToken: true }).extend({
  csrfToken: z
    .string()
    .meta({ description: 'Send it as X-CSRF-Token with the session cookie.', example: '3kTMd1Qx7w' }),
})

export const CookieSessionHeaders = z.object({
  'X-Session-Transport': z.enum(['body', 'cookie']).optional().meta({
    description:
      'Where the refresh token travels. `cookie`: in a cookie that no script can read, for pages of allowed origins.',
    example: 'body',
  }),
})
export const CookieHolderHeaders = CookieSessionHeaders.extend({
  'X-CSRF-Token': z.string().optional().meta({
    description: 'The `csrfToken` of the session; required if the refresh token is in a cookie.',
    example: '3kTMd1Qx7w',
  }),
})

/** Schemas that are defined once, by name, under `components`. */
const NAMED = {
  Problem,
  User: contracts.User,
  SignedIn: contracts.SignedIn,
  SignedInByCookie,
  MfaRequired: contracts.MfaRequired,
  Passkey: contracts.Passkey,
  VerificationRequired: contracts.VerificationRequired,
  Session: contracts.Session,
  AuditEntry: contracts.AuditEntry,
  AdminUser: contracts.AdminUser,
  AdminAuditEntry: contracts.AdminAuditEntry,
  Invite: contracts.Invite,
  NewInvite: contracts.NewInvite,
  Project: contracts.Project,
  Member: contracts.Member,
  ProjectInvitation: contracts.ProjectInvitation,
  ApiKey: contracts.ApiKey,
  NewApiKey: contracts.NewApiKey,
  Jwk: contracts.Jwk,
  Video: contracts.Video,
  VideoEvent,
  PlaybackToken: contracts.PlaybackToken,
  TimelineEntry: contracts.TimelineEntry,
  Task: contracts.Task,
  Usage: contracts.Usage,
  Webhook: contracts.Webhook,
  WebhookDelivery: contracts.WebhookDelivery,
  WebhookPayload: contracts.WebhookPayload,
  NewWebhook: contracts.NewWebhook,
  Captions: contracts.Captions,
  PutCaptions: contracts.PutCaptions,
  Watermark: contracts.Watermark,
  Passport: contracts.Passport,
  Limits: contracts.Limits,
  Source: contracts.Source,
  SourceEvent: contracts.SourceEvent,
  Replacement: contracts.Replacement,
  Progress: contracts.Progress,
  Playback: contracts.Playback,
  PlaybackTokenInfo: contracts.PlaybackTokenInfo,
  UploadLink: contracts.UploadLink,
  NewUploadLink: contracts.NewUploadLink,
  UploadLinkOffer: contracts.UploadLinkOffer,
  UploadLinkVideo: contracts.UploadLinkVideo,
  WaitingTask: contracts.WaitingTask,
  WebhookAttempt: contracts.WebhookAttempt,
  Parked: contracts.Parked,
  ParkedInFull: contracts.ParkedInFull,
  Empty: contracts.Nothing,
}

/** Answers whose name does not follow from that of their operation. */
const ANSWER_NAMES: Readonly<Record<string, string>> = {
  createEventsToken: 'EventsToken',
  getTimeline: 'Timeline',
  putChapters: 'Chapters',
  getChapters: 'Chapters',
  enableTotp: 'RecoveryCodes',
  renewRecoveryCodes: 'RecoveryCodes',
  setUpTotp: 'TotpSetup',
  beginPasskey: 'PasskeyChallenge',
  beginPasskeyLogin: 'PasskeyChallenge',
  beginMfaPasskey: 'MfaPasskeyChallenge',
  getJwks: 'JwkSet',
  getReadiness: 'Readiness',
  exportMe: 'PersonalData',
  downloadRendition: 'DownloadPreparing',
}

/** Registers the names of `NAMED`; they must be known before the first operation is described. */
export function nameSharedSchemas(): void {
  for (const [name, schema] of Object.entries(NAMED)) setName(schema, name)
}

/** `CreateVideo` for the body of `createVideo`. */
export function namedBody(operation: string, { shape }: z.ZodObject): z.ZodObject {
  return setName(z.strictObject(shape), capitalised(operation))
}

/** `VideoPage` for a page of `Video`; `LoginResult` for the answer of `login`, unless its schema has a name already. */
export function namedAnswer(operation: string, schema: z.ZodType): z.ZodType {
  if (nameOf(schema) !== undefined) return schema
  const item = schema instanceof z.ZodObject && 'nextCursor' in schema.shape ? schema.shape.items : undefined
  const itemName = item instanceof z.ZodArray && item.element instanceof z.ZodType ? nameOf(item.element) : undefined
  const page = itemName && `${itemName}Page`
  return setName(schema, ANSWER_NAMES[operation] ?? page ?? `${capitalised(operation)}Result`)
}

function nameOf(schema: z.ZodType): string | undefined {
  return zodToOpenAPIRegistry.get(schema)?._internal?.refId
}

function setName<S extends z.ZodType>(schema: S, refId: string): S {
  zodToOpenAPIRegistry.add(schema, { _internal: { refId } })
  return schema
}

function capitalised(name: string): string {
  return `${name.charAt(0).toUpperCase()}${name.slice(1)}`
}
