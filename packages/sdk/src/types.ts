import type { components, paths } from '../generated/api.d.ts'

export type { paths } from '../generated/api.d.ts'

type Schemas = components['schemas']

export type Video = Schemas['Video']
export type VideoPage = Schemas['VideoPage']
export type VideoEvent = Schemas['VideoEvent']
export type CreateVideo = Schemas['CreateVideo']
export type UpdateVideo = Schemas['UpdateVideo']
export type EventsToken = Schemas['EventsToken']
export type PlaybackToken = Schemas['PlaybackToken']
export type CreatePlaybackToken = Schemas['CreatePlaybackToken']
export type Problem = Schemas['Problem']
/** Filters and order of a list of videos. */
export type ListVideos = NonNullable<paths['/v1/videos']['get']['parameters']['query']>
/** The body of a webhook. */
export type WebhookPayload = Schemas['WebhookPayload']
/** Codes that the API answers. */
export type ApiErrorCode = Problem['code']
