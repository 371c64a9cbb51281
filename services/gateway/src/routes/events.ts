import { media, OneVideo } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { Caller } from '../http/admission.ts'
import { addressKey } from '../http/client-address.ts'
import { parseFields } from '../http/read-input.ts'
import { EventStream, StreamLimit } from '../live/event-stream.ts'
import { VideoEvent, VideoFollower } from '../live/video-feed.ts'
import { type HandRoute, tagged } from './route.ts'

const STREAMS_PER_CALLER = 20
/** Longest duration of a stream whose credentials do not expire. */
const MAX_STREAM_MS = 3_600_000
const RETRY_MS = 1000

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
])

/**
 * Each event has the whole state, so a client that reconnects needs no replay: with any Last-Event-ID, the first event is the
 * current state. A stream stays open when the video is done, because the client would only reconnect; it ends with the access
 * token or its signing key, the session, the API key, a change of the caller's roles, the video or the gateway.
 */
function streamEvents(ctx: Context): ReturnType<HandRoute['handle']> {
  const limit = new StreamLimit(STREAMS_PER_CALLER)
  return async (req, res, caller) => {
    const { videoId } = parseFields(OneVideo, req.params)
    res.once('close', limit.take(whoIs(caller)))
    const follower = new VideoFollower(caller.call.actor)
    res.once('close', ctx.videoFeed.watch(videoId, follower))
    const video = await ctx.rpc(media.getVideo, { videoId }, caller.call)
    if (res.closed) return
    const stream = new EventStream(res)
    ctx.metrics.streams.inc()
    stream.onClose(() => ctx.metrics.streams.dec())
    endWhenOver(ctx, stream, caller)
    follower.start(stream, video)
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
