import { randomUUID } from 'node:crypto'
import { type Bus, connectBus } from '@kinora/common/bus'
import type { Actor, EventEnvelope, Input, Method, Output } from '@kinora/common/contract'
import { events, media, type Video } from '@kinora/common/contracts'
import { createLogger } from '@kinora/common/service'
import type { TestEnvironment } from '@kinora/dev/harness'

export type UserActor = Extract<Actor, { kind: 'user' }>
export const ANONYMOUS: Actor = { kind: 'anonymous' }

export function someUser(): UserActor {
  return { kind: 'user', userId: randomUUID(), sessionId: randomUUID(), role: 'user' }
}

export interface Gateway {
  bus: Bus
  /** What was said to all gateways, in order. */
  heard: EventEnvelope[]
  call<M extends Method>(method: M, input: Input<M>, actor: Actor): Promise<Output<M>>
  createVideo(owner: UserActor, input?: Partial<Input<typeof media.createVideo>>): Promise<Video>
  getVideo(videoId: string, actor: Actor): Promise<Video>
  /** A video with a registered source; its probe is queued. */
  upload(owner: UserActor, input?: Partial<Input<typeof media.createVideo>>): Promise<Video>
  /** Events of this type about this video, so far. */
  heardOf(type: string, videoId: string): EventEnvelope[]
}

/** Calls media as the gateway does: over the broker, as the broker's user `gateway`. */
export async function connectGateway(world: TestEnvironment): Promise<Gateway> {
  const bus = await connectBus({
    url: world.amqpUrl('gateway'),
    service: 'gateway',
    logger: createLogger('test', 'silent'),
    breaker: { failures: 1000, resetMs: 1000 },
  })
  world.use(bus, 'bus', (it) => it.drain())
  const heard: EventEnvelope[] = []
  const types = [
    events['video.changed'],
    events['video.deleted'],
    events['playback.revoked'],
    events['playback.key-retired'],
    events['video.delivery-revoked'],
  ]
  await bus.listen(
    types,
    (envelope) => void heard.push(envelope),
    () => {},
  )
  const call: Gateway['call'] = (method, input, actor) =>
    bus.call(method, input, { actor, requestId: randomUUID(), timeoutMs: 15_000 })
  const createVideo: Gateway['createVideo'] = (owner, input = {}) =>
    call(media.createVideo, { title: 'A day at sea', ...input }, owner)
  return {
    bus,
    heard,
    call,
    createVideo,
    getVideo: (videoId, actor) => call(media.getVideo, { videoId }, actor),
    async upload(owner, input) {
      const { id } = await createVideo(owner, input)
      const { uploadId, storageKey } = await call(media.beginUpload, uploadOf(id), owner)
      return await call(media.completeUpload, { videoId: id, uploadId, storageKey, ...SOURCE }, owner)
    },
    heardOf: (type, videoId) => heard.filter((event) => event.type === type && event.aggregateId === videoId),
  }
}

export function uploadOf(videoId: string): Input<typeof media.beginUpload> {
  return { videoId, contentType: 'video/mp4', filename: 'sea.mp4', bytes: 1000 }
}

export const SOURCE = { filename: 'sea.mp4', bytes: 1000, sha256: 'a'.repeat(64) }
