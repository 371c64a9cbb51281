import type { CallOptions } from '@kinora/common/bus'
import { media, type PlaybackGrant } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { z } from 'zod'
import type { Caller } from '../http/admission.ts'
import type { Rpc } from '../rpc.ts'

/** No longer than this is an answer believed that nobody has taken back. */
const TTL_MS = 30_000
const MAX_ENTRIES = 10_000

interface Entry {
  grant: PlaybackGrant
  until: number
}

/**
 * What playback references may fetch. A player asks for hundreds of files with one reference, so media's answer is kept
 * for a while; it is dropped as soon as media says that the video or the token has changed. Refusals are not kept.
 */
export class Grants {
  readonly #rpc: Rpc
  readonly #entries = new Map<string, Entry>()
  readonly #asking = new Map<string, Promise<PlaybackGrant>>()
  /** By video: when something was last said about it, so that an older answer on its way is not kept. */
  readonly #changed = new Map<string, number>()
  #gapAt = 0

  constructor(rpc: Rpc) {
    this.#rpc = rpc
  }

  /** Throws `VIDEO_NOT_FOUND`, `PLAYBACK_DENIED`, `PLAYBACK_NOT_READY`, or why media cannot be asked. */
  async find(reference: string, call: CallOptions): Promise<PlaybackGrant> {
    const entry = this.#entries.get(reference)
    if (entry && entry.until > Date.now()) return entry.grant
    this.#entries.delete(reference)
    const asking = this.#asking.get(reference) ?? this.#ask(reference, call)
    return await asking
  }

  /** Something about the video has changed: its visibility, its files, or one of its tokens. */
  forget(videoId: string): void {
    this.#changed.delete(videoId)
    this.#changed.set(videoId, Date.now())
    if (this.#changed.size > MAX_ENTRIES) deleteOldest(this.#changed)
    for (const [reference, { grant }] of this.#entries) if (grant.videoId === videoId) this.#entries.delete(reference)
  }

  /** Changes may have been missed. */
  forgetAll(): void {
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
    if (this.#entries.size >= MAX_ENTRIES) deleteOldest(this.#entries)
    const expiresAt = grant.expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(grant.expiresAt)
    this.#entries.set(reference, { grant, until: Math.min(Date.now() + TTL_MS, expiresAt) })
  }
}

/** A Map keeps the order of insertion. */
function deleteOldest(map: Map<string, unknown>): void {
  const oldest = map.keys().next().value
  if (oldest !== undefined) map.delete(oldest)
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
