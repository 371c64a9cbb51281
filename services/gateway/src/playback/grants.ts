import type { CallOptions } from '@kinora/common/bus'
import { media, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { LRUCache } from 'lru-cache'
import { z } from 'zod'
import type { Caller } from '../http/admission.ts'
import type { Rpc } from '../rpc.ts'

/** No longer than this is an answer believed that nobody has taken back. */
const TTL_MS = 30_000
const MAX_ENTRIES = 10_000

/**
 * What playback references may fetch. A player asks for hundreds of files with one reference, so media's answer is kept
 * for a while; it is dropped as soon as media says that the video or the token has changed. Refusals are not kept.
 */
export class Grants {
  readonly #rpc: Rpc
  readonly #entries = new LRUCache<string, PlaybackGrant>({ max: MAX_ENTRIES, ttl: TTL_MS, perf: Date })
  readonly #asking = new Map<string, Promise<PlaybackGrant>>()
  /** By video: when something was last said about it, so that an older answer on its way is not kept. */
  readonly #changed = new LRUCache<string, number>({ max: MAX_ENTRIES })
  #gapAt = 0

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** Throws `VIDEO_NOT_FOUND`, `PLAYBACK_DENIED`, `PLAYBACK_NOT_READY`, or why media cannot be asked. */
  async find(reference: string, call: CallOptions): Promise<PlaybackGrant> {
    return this.#entries.get(reference) ?? (await (this.#asking.get(reference) ?? this.#ask(reference, call)))
  }

  /** Something about the video has changed: its visibility, its files, or one of its tokens. */
  invalidate(videoId: string): void {
    this.#changed.set(videoId, Date.now())
    const outdated: string[] = []
    for (const [reference, grant] of this.#entries.entries()) if (grant.videoId === videoId) outdated.push(reference)
    for (const reference of outdated) this.#entries.delete(reference)
  }

  /** Changes may have been missed. */
  invalidateAll(): void {
    this.#gapAt = Date.now()
    this.#entries.clear()
  }

  #ask(reference: string, call: CallOptions): Promise<PlaybackGrant> {
    const asked = Date.now()
    const asking = this.#rpc(media.authorizePlayback, { reference }, call)
      .then((grant) => {
        this.#remember(reference, grant, asked)
        return grant
      })
      .finally(() => this.#asking.delete(reference))
    this.#asking.set(reference, asking)
    return asking
  }

  #remember(reference: string, grant: PlaybackGrant, asked: number): void {
    if (asked <= Math.max(this.#gapAt, this.#changed.get(grant.videoId) ?? 0)) return
    const leftMs = grant.expiresAt === null ? TTL_MS : Date.parse(grant.expiresAt) - Date.now()
    // A ttl of 0 would mean for ever.
    if (leftMs > 0) this.#entries.set(reference, grant, { ttl: Math.min(TTL_MS, leftMs) })
  }
}

/** A playback token, or the id of a video. */
export const Reference = z.string().regex(/^[\w.~-]{1,1024}$/)

/** What the reference in the address may fetch. Throws what `Grants.find` throws. */
export async function grantFor(ctx: { grants: Grants }, req: Request, { call }: Caller): Promise<PlaybackGrant> {
  const reference = Reference.safeParse(req.params.reference)
  if (!reference.success) throw new AppError('VIDEO_NOT_FOUND')
  return await ctx.grants.find(reference.data, call)
}

/** What hangs on a token is for its holder alone; only what is played by the video's id never expires. */
export function scopeOf({ expiresAt }: PlaybackGrant): 'public' | 'private' {
  return expiresAt === null ? 'public' : 'private'
}
