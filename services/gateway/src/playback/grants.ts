import type { CallOptions } from '@kinora/common/bus'
import type { EventData, EventEnvelope } from '@kinora/common/contract'
import { type events, Id, media, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError, type ErrorCode } from '@kinora/common/errors'
import { linkEnded, type PlaybackSigner } from '@kinora/common/playback-token'
import type { Request } from 'express'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Admission, Caller } from '../http/admission.ts'
import { addressKey, clientAddress } from '../http/client-address.ts'
import { gatewayCall, isAway, type Rpc, within } from '../rpc.ts'
import type { AllowedDomainLists } from './allowed-domains.ts'
import type { Limits, PlaybackKeys } from './playback-keys.ts'
import type { PlaybackRevocations } from './playback-revocations.ts'

/** How long a grant is used before media is asked again, although no event said that it has changed. */
const TTL_MS = 30_000
/** Of videos, and of references. */
const MAX_ENTRIES = 10_000
/** How long media may take to answer about a video that is known, before what is known is used. */
const PATIENCE_MS = 1000
/** Between two questions while media does not answer. */
const RETRY_MS = 1000

const NEVER = Number.NEGATIVE_INFINITY

interface KnownVideo {
  grant: PlaybackGrant
  /** By `performance.now()`; after it media is asked. */
  freshUntil: number
}

export interface GrantsOptions {
  signer: PlaybackSigner
  revocations: PlaybackRevocations
  keys: PlaybackKeys
  /** Milliseconds for which known videos play on while media does not answer. */
  offlineMs: number
}

/**
 * What each playback reference may fetch. A token that this installation or a playback key has signed is checked here:
 * signature, expiry, and the list of revocations. What media says of a video is kept until an event reports a change, and confirmed every 30 s; while
 * media does not answer it is used for a limited time. Refusals are not kept.
 */
export class Grants {
  readonly #rpc: Rpc
  readonly #options: GrantsOptions
  readonly #limits = new LRUCache<string, Limits>({ max: MAX_ENTRIES })
  readonly #videos = new LRUCache<string, KnownVideo>({ max: MAX_ENTRIES })
  /** Grants of references that only media can check. */
  readonly #others = new LRUCache<string, PlaybackGrant>({ max: MAX_ENTRIES, ttl: TTL_MS, perf: Date })
  readonly #pending = new Map<string, Promise<PlaybackGrant>>()
  /** Counts changes and questions, so that a response to a question from before a change is not kept. */
  #tick = 0
  readonly #changed = new LRUCache<string, number>({ max: MAX_ENTRIES })
  #gapAt = 0
  /** Whether the last question was not answered, and when it was asked (`performance.now()`). */
  #away = false
  #askedAt = Number.NEGATIVE_INFINITY

  constructor(rpc: Rpc, options: GrantsOptions) {
    this.#rpc = rpc
    this.#options = options
  }

  /**
   * `countLookup` is called before media is asked about a playback key. Throws `VIDEO_NOT_FOUND`, `PLAYBACK_DENIED`,
   * `PLAYBACK_NOT_READY`, what `countLookup` throws, and the errors of a failed call.
   */
  async find(reference: string, call: CallOptions, countLookup = async () => {}): Promise<PlaybackGrant> {
    const { revocations, keys } = this.#options
    const signed = await keys.read(reference, countLookup)
    const limits = signed ? signed.limits : revocations.loaded ? this.#read(reference) : null
    if (!limits) return this.#others.get(reference) ?? (await this.#ask(reference, call))
    // What media answers to it is kept for the video.
    if (signed) this.#limits.set(reference, limits)
    if (limits.expiresAt !== null && Date.parse(limits.expiresAt) <= Date.now()) throw linkEnded()
    if (limits.tokenId !== null && revocations.isRevoked(limits.tokenId)) throw linkEnded()
    const { visibility, ...video } = await this.#video(limits.videoId, reference, call)
    if (visibility === 'private' && Id.safeParse(reference).success) throw new AppError('VIDEO_NOT_FOUND')
    // To the holder of another project's key a video does not exist.
    if (signed && video.projectId !== signed.projectId) throw new AppError('VIDEO_NOT_FOUND')
    return { ...video, visibility, ...limits }
  }

  /** Applies an event of media about a video; the list of revocations has the others. */
  receive(envelope: EventEnvelope): void {
    if (envelope.type === 'playback.key-retired') return
    const { videoId } = envelope.data as { videoId: string }
    this.#changed.set(videoId, this.#next())
    for (const [reference, grant] of [...this.#others.entries()]) {
      if (grant.videoId === videoId) this.#others.delete(reference)
    }
    if (envelope.type === 'video.deleted') this.#videos.delete(videoId)
    if (envelope.type !== 'video.changed') return
    const known = this.#videos.peek(videoId)
    const { visibility, playable, status } = envelope.data as EventData<(typeof events)['video.changed']>
    if (!playable) this.#videos.delete(videoId)
    else if (known) this.#videos.set(videoId, { grant: { ...known.grant, visibility }, freshUntil: NEVER })
    else if (status === 'ready') this.#prefetch(videoId)
  }

  /** Asks again about all videos, because changes may have been missed. */
  invalidateAll(): void {
    this.#gapAt = this.#next()
    this.#others.clear()
    for (const known of this.#videos.values()) known.freshUntil = NEVER
  }

  /** Null for what only media can check. Throws `PLAYBACK_DENIED` for a token that has expired. */
  #read(reference: string): Limits | null {
    const known = this.#limits.get(reference)
    if (known) return known
    const limits = Id.safeParse(reference).success ? openTo(reference.toLowerCase()) : this.#verify(reference)
    if (limits) this.#limits.set(reference, limits)
    return limits
  }

  #verify(token: string): Limits | null {
    try {
      const { video: videoId, jti, exp, maxHeight = null, download = false } = this.#options.signer.verify(token)
      return { videoId, tokenId: jti ?? null, maxHeight, download, expiresAt: new Date(exp * 1000).toISOString() }
    } catch {
      // Media may have a key that this gateway does not have yet.
      return null
    }
  }

  async #video(videoId: string, reference: string, call: CallOptions): Promise<PlaybackGrant> {
    const known = this.#videos.get(videoId)
    if (known && performance.now() < known.freshUntil) return known.grant
    const isUsable = known && this.#options.revocations.silentMs <= this.#options.offlineMs
    if (!isUsable) return await this.#ask(reference, call)
    if (this.#away) {
      // Nobody waits for a service that is known to be away.
      if (performance.now() - this.#askedAt > RETRY_MS) void this.#ask(reference, call).catch(() => {})
      return known.grant
    }
    return await within(PATIENCE_MS, this.#ask(reference, call)).catch((error: unknown) => {
      if (!isAway(error)) throw error
      this.#away = true
      return known.grant
    })
  }

  /** All callers with one reference share a question. */
  #ask(reference: string, call: CallOptions): Promise<PlaybackGrant> {
    const running = this.#pending.get(reference)
    if (running !== undefined) return running
    const tick = this.#next()
    this.#askedAt = performance.now()
    const pending = this.#rpc(media.authorizePlayback, { reference }, call)
      .then(
        (grant) => {
          this.#away = false
          this.#keep(reference, grant, tick)
          return grant
        },
        (error: unknown) => {
          this.#away = isAway(error)
          throw error
        },
      )
      .finally(() => this.#pending.delete(reference))
    this.#pending.set(reference, pending)
    return pending
  }

  #keep(reference: string, grant: PlaybackGrant, tick: number): void {
    // What an event has said since is newer than this answer.
    if (tick < Math.max(this.#gapAt, this.#changed.get(grant.videoId) ?? 0)) return
    if (this.#limits.has(reference)) {
      this.#videos.set(grant.videoId, { grant, freshUntil: performance.now() + TTL_MS })
      return
    }
    const leftMs = grant.expiresAt === null ? TTL_MS : Date.parse(grant.expiresAt) - Date.now()
    // A ttl of 0 would mean no limit.
    if (leftMs > 0) this.#others.set(reference, grant, { ttl: Math.min(TTL_MS, leftMs) })
  }

  #next(): number {
    this.#tick += 1
    return this.#tick
  }

  /** So that a video can be played during an outage although nobody has played it here before. */
  #prefetch(videoId: string): void {
    const exp = Math.floor(Date.now() / 1000) + 60
    const token = this.#options.signer.sign({ video: videoId, exp })
    if (this.#read(token)) void this.#ask(token, gatewayCall()).catch(() => {})
  }
}

/** What everybody may do who knows the id of a video that is not private. */
function openTo(videoId: string): Limits {
  return { videoId, tokenId: null, maxHeight: null, download: false, expiresAt: null }
}

/** A playback reference: a playback token or the id of a video. */
export const Reference = z.string().regex(/^[\w.~-]{1,1024}$/)

/** What `grantFor` throws. */
export const GRANT_ERRORS = [
  ...media.authorizePlayback.errors,
  'PLAYBACK_DOMAIN_NOT_ALLOWED',
] as const satisfies ErrorCode[]

/** What a reference allows to the page of a request. */
export interface OpenedGrant extends PlaybackGrant {
  /** Whether only pages of some sites may play the video. */
  fenced: boolean
}

/**
 * The grant of the reference in the request's path. Throws the errors of `Grants.find`, and `PLAYBACK_DOMAIN_NOT_ALLOWED` for
 * pages of sites that may not play the video.
 */
export async function grantFor(
  ctx: {
    grants: Grants
    playbackRevocations: PlaybackRevocations
    allowedDomains: AllowedDomainLists
    admission: Pick<Admission, 'count'>
  },
  req: Request,
  { call }: Caller,
): Promise<OpenedGrant> {
  const reference = Reference.safeParse(req.params.reference)
  if (!reference.success) throw new AppError('VIDEO_NOT_FOUND')
  const countLookup = async () => {
    if (req.res) await ctx.admission.count(req.res, { rule: 'key-lookup', key: addressKey(clientAddress(req)) })
  }
  const grant = await ctx.grants.find(reference.data, call, countLookup)
  const lowest = ctx.playbackRevocations.lowestEpoch(grant.videoId)
  if (lowest === Number.POSITIVE_INFINITY) throw new AppError('VIDEO_NOT_FOUND')
  const fenced = await ctx.allowedDomains.assertMayPlay(req, grant.videoId)
  // Media's answer may be older than a revocation.
  return { ...grant, fenced, deliveryEpoch: Math.max(lowest, grant.deliveryEpoch) }
}

/**
 * Which caches may keep a response. A token's grant expires and is for its holder; a video id's grant never expires. What pages of
 * some sites get, those of others must not get from a cache.
 */
export function scopeOf({ expiresAt, fenced }: OpenedGrant): 'public' | 'private' {
  return expiresAt === null && !fenced ? 'public' : 'private'
}
