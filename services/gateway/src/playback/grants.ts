import type { CallOptions } from '@kinora/common/bus'
import { media, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Caller } from '../http/admission.ts'
import type { Rpc } from '../rpc.ts'

/** Maximum age of a grant that was not invalidated. */
const TTL_MS = 30_000
const MAX_ENTRIES = 10_000

/**
 * What each playback reference may fetch. A player fetches hundreds of files with one reference, so media's grant is cached
 * for 30 s at most, and evicted as soon as media reports a change of the video or the token. Refusals are not cached.
 */
export class Grants {
  readonly #rpc: Rpc
  readonly #entries = new LRUCache<string, PlaybackGrant>({ max: MAX_ENTRIES, ttl: TTL_MS, perf: Date })
  readonly #pending = new Map<string, Promise<PlaybackGrant>>()
  /** Time of the last change of each video (epoch ms), so that a response to an earlier call is not cached. */
  readonly #changed = new LRUCache<string, number>({ max: MAX_ENTRIES })
  #gapAt = 0

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** Throws `VIDEO_NOT_FOUND`, `PLAYBACK_DENIED`, `PLAYBACK_NOT_READY`, and the errors of a failed call. */
  async find(reference: string, call: CallOptions): Promise<PlaybackGrant> {
    return this.#entries.get(reference) ?? (await (this.#pending.get(reference) ?? this.#fetch(reference, call)))
  }

  /** Evicts the grants of a video, because its visibility, its files or one of its tokens has changed. */
  invalidate(videoId: string): void {
    this.#changed.set(videoId, Date.now())
    const outdated: string[] = []
    for (const [reference, grant] of this.#entries.entries()) if (grant.videoId === videoId) outdated.push(reference)
    for (const reference of outdated) this.#entries.delete(reference)
  }

  /** Evicts all grants, because changes may have been missed. */
  invalidateAll(): void {
    this.#gapAt = Date.now()
    this.#entries.clear()
  }

  #fetch(reference: string, call: CallOptions): Promise<PlaybackGrant> {
    const askedAt = Date.now()
    const pending = this.#rpc(media.authorizePlayback, { reference }, call)
      .then((grant) => {
        this.#keep(reference, grant, askedAt)
        return grant
      })
      .finally(() => this.#pending.delete(reference))
    this.#pending.set(reference, pending)
    return pending
  }

  #keep(reference: string, grant: PlaybackGrant, askedAt: number): void {
    if (askedAt <= Math.max(this.#gapAt, this.#changed.get(grant.videoId) ?? 0)) return
    const leftMs = grant.expiresAt === null ? TTL_MS : Date.parse(grant.expiresAt) - Date.now()
    // A ttl of 0 would mean no limit.
    if (leftMs > 0) this.#entries.set(reference, grant, { ttl: Math.min(TTL_MS, leftMs) })
  }
}

/** A playback reference: a playback token or the id of a video. */
export const Reference = z.string().regex(/^[\w.~-]{1,1024}$/)

/** The grant of the reference in the request's path. Throws the errors of `Grants.find`. */
export async function grantFor(ctx: { grants: Grants }, req: Request, { call }: Caller): Promise<PlaybackGrant> {
  const reference = Reference.safeParse(req.params.reference)
  if (!reference.success) throw new AppError('VIDEO_NOT_FOUND')
  return await ctx.grants.find(reference.data, call)
}

/** Which caches may keep a response. A token's grant expires and is for its holder; a video id's grant never expires. */
export function scopeOf({ expiresAt }: PlaybackGrant): 'public' | 'private' {
  return expiresAt === null ? 'public' : 'private'
}
