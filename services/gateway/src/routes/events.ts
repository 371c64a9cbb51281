import { media, OneVideo, Timestamp } from '@kinora/common/contracts'
import type { Response } from 'express'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { addressKey } from '../http/client-address.ts'
import { sendJson } from '../http/mount.ts'
import { TOKEN_REFUSALS } from '../http/problem.ts'
import { parseFields } from '../http/read-input.ts'
import { EventStream, StreamLimit } from '../live/event-stream.ts'
import { VideoEvent, VideoFollower } from '../live/video-feed.ts'
import { type HandRoute, tagged } from './route.ts'

const STREAMS_PER_CALLER = 20
/** Longest duration of a stream whose credentials do not expire. */
const MAX_STREAM_MS = 3_600_000
const RETRY_MS = 1000

const EventsToken = z.object({
  token: z.string().meta({ description: 'The events token.', example: 'abc' }),
  url: z.string().meta({
    description: 'Address of the stream of events, for `EventSource`.',
    example: 'https://video.example.org/v1/videos/01994f1e-7f1c-7a3a-9d0e-3b1f6c1f2a55/events/abc',
  }),
  expiresAt: Timestamp.meta({ description: 'Until when the stream can be opened (UTC).' }),
})
const ByToken = OneVideo.extend({
  token: z.string().max(2048).meta({ description: 'Events token.', example: 'abc' }),
})

export const events = tagged('Videos', [
  {
    method: 'get',
    path: '/v1/videos/:videoId/events',
    auth: 'optional',
    scope: 'videos:read',
    project: 'read',
    limit: 'general',
    name: 'streamEvents',
    summary: 'Follow a video',
    description: 'Server-sent events: the current state first, then `status` and `progress` events.',
    params: OneVideo,
    headers: z.object({
      'Last-Event-ID': z
        .string()
        .optional()
        .meta({ description: 'Sent by browsers; the stream always starts with the current state.', example: '7' }),
    }),
    answers: { 200: { description: 'A stream without end', content: { 'text/event-stream': VideoEvent } } },
    errors: media.getVideo.errors,
    handle: streamEvents,
  },
  {
    method: 'post',
    path: '/v1/videos/:videoId/events-token',
    auth: 'required',
    scope: 'videos:read',
    project: 'read',
    limit: 'general',
    name: 'createEventsToken',
    summary: 'Create an events token',
    description:
      'Its `url` opens the stream of events of this video in an `EventSource`, which sends no header, for five minutes. It is good for nothing else.',
    params: OneVideo,
    answers: { 201: { description: 'The token', content: { 'application/json': EventsToken } } },
    errors: media.getVideo.errors,
    handle: createEventsToken,
  },
  {
    method: 'get',
    path: '/v1/videos/:videoId/events/:token',
    auth: 'none',
    limit: 'playback',
    name: 'streamEventsByToken',
    summary: 'Follow a video by an events token',
    description:
      'The stream ends when the account of the token may not see the video any more, its session or API key ends, and after an hour at most.',
    params: ByToken,
    answers: { 200: { description: 'A stream without end', content: { 'text/event-stream': VideoEvent } } },
    errors: [...media.getVideo.errors, 'EVENTS_TOKEN_INVALID', ...TOKEN_REFUSALS],
    handle: streamByToken,
  },
])

/**
 * Each event has the whole state, so a client that reconnects needs no replay: with any Last-Event-ID, the first event is the
 * current state. A stream stays open when the video is done, because the client would only reconnect; it ends with the access
 * token or its signing key, the session, the API key, a change of the caller's roles, the video or the gateway.
 */
function streamEvents(ctx: Context): ReturnType<HandRoute['handle']> {
  const follow = follower(ctx)
  return async (req, res, caller) => await follow(res, caller, parseFields(OneVideo, req.params).videoId)
}

function streamByToken(ctx: Context): ReturnType<HandRoute['handle']> {
  const follow = follower(ctx)
  return async (req, res, { call }) => {
    const { videoId, token } = parseFields(ByToken, req.params)
    const identity = await ctx.eventsTokens.identify(token, videoId)
    await follow(res, { ...identity, call: { ...call, actor: identity.actor } }, videoId)
  }
}

function createEventsToken(ctx: Context): ReturnType<HandRoute['handle']> {
  return async (req, res, caller) => {
    const { videoId } = parseFields(OneVideo, req.params)
    const { id } = await ctx.rpc(media.getVideo, { videoId }, caller.call)
    const { token, expiresAt } = ctx.eventsTokens.issue(caller, id)
    const url = `${ctx.config.PUBLIC_URL.replace(/\/$/, '')}/v1/videos/${id}/events/${token}`
    res.setHeader('Cache-Control', 'no-store')
    sendJson(res, 201, { token, url, expiresAt: expiresAt.toISOString() })
  }
}

function follower(ctx: Context): (res: Response, caller: Caller, videoId: string) => Promise<void> {
  const limit = new StreamLimit(STREAMS_PER_CALLER)
  return async (res, caller, videoId) => {
    res.once('close', limit.take(whoIs(caller)))
    const watcher = new VideoFollower(caller.call.actor)
    res.once('close', ctx.videoFeed.watch(videoId, watcher))
    const video = await ctx.rpc(media.getVideo, { videoId }, caller.call)
    if (res.closed) return
    const stream = new EventStream(res)
    ctx.metrics.streams.inc()
    stream.onClose(() => ctx.metrics.streams.dec())
    endWhenOver(ctx, stream, caller)
    watcher.start(stream, video)
  }
}

function endWhenOver(ctx: Context, stream: EventStream, caller: Caller): void {
  const { revocations, memberships, keySet, draining } = ctx
  const { expiresAt, kid } = caller
  const end = () => stream.end(RETRY_MS)
  const timer = setTimeout(end, Math.min(expiresAt - Date.now(), MAX_STREAM_MS))
  stream.onClose(() => clearTimeout(timer))
  stream.onClose(revocations.onRevoked(caller, end))
  stream.onClose(memberships.onChanged(caller.actor, end))
  if (kid !== null) stream.onClose(keySet.onRetired(kid, end))
  draining.addEventListener('abort', end)
  stream.onClose(() => draining.removeEventListener('abort', end))
  if (draining.aborted) end()
}

function whoIs({ actor, call }: Caller): string {
  return actor.kind === 'user' ? actor.userId : addressKey(call.client?.ip ?? '')
}
