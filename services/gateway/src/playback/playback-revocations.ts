import type { EventEnvelope, Input } from '@kinora/common/contract'
import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Logger } from '@kinora/common/service'
import { gatewayCall, type Rpc } from '../rpc.ts'

interface Revoked {
  /** Of a video: the lowest epoch that is delivered. */
  epoch: number
  /** Milliseconds since the epoch. All links or addresses that it concerns have expired by then. */
  expiresAt: number
}
type Listed = Input<typeof media.listPlaybackRevocations>['of']
type Item = { id: string; epoch: number | null; expiresAt: string }

const RETRY_MS = 500
const HEARTBEAT_MS = 10_000
/** Behind every id: media answers with an empty page. */
const LAST_ID = 'ffffffff-ffff-ffff-ffff-ffffffffffff'

/**
 * The playback tokens, playback keys and delivery addresses that are refused before they expire. Media publishes each
 * revocation as an event; the whole list is fetched at the start, after a reconnect and at a gap. It holds the revoked links
 * that have not expired, the videos of the last two days, and the keys that were retired in the last seven.
 */
export class PlaybackRevocations {
  readonly #rpc: Rpc
  readonly #logger: Logger
  readonly #tokens = new Map<string, Revoked>()
  readonly #videos = new Map<string, Revoked>()
  readonly #keys = new Map<string, Revoked>()
  #loaded = false
  #loading = false
  #stale = false
  #stopped = false
  /** When media was last known to have told everything, by `performance.now()`. */
  #heardAt = Number.NEGATIVE_INFINITY

  constructor(rpc: Rpc, logger: Logger) {
    this.#rpc = rpc
    this.#logger = logger
  }

  /** False until the list was fetched once; before that no address may be delivered. */
  get loaded(): boolean {
    return this.#loaded
  }

  /** Whether revocations may be missing from the list. */
  get stale(): boolean {
    return this.#stale
  }

  get size(): number {
    return this.#tokens.size + this.#videos.size + this.#keys.size
  }

  /** Milliseconds for which revocations may have been missed. */
  get silentMs(): number {
    return performance.now() - this.#heardAt
  }

  isRevoked(tokenId: string): boolean {
    return this.#tokens.has(tokenId)
  }

  isKeyRetired(playbackKeyId: string): boolean {
    return this.#keys.has(playbackKeyId)
  }

  /** The lowest epoch of a video that is delivered; Infinity after it was deleted. */
  lowestEpoch(videoId: string): number {
    return this.#videos.get(videoId)?.epoch ?? 0
  }

  /** Throws `DEPENDENCY_UNAVAILABLE` if revocations may have been missed for longer than `limitMs`. */
  assertKnown(limitMs: number): void {
    if (this.#loaded && this.silentMs <= limitMs) return
    throw new AppError('DEPENDENCY_UNAVAILABLE', { retryAfterMs: 2000 })
  }

  /** Applies an event of media. */
  receive({ type, data }: EventEnvelope): void {
    if (type === 'playback.revoked') {
      const { tokenId, expiresAt } = data as { tokenId: string; expiresAt: string }
      add(this.#tokens, { id: tokenId, epoch: null, expiresAt })
    }
    if (type === 'playback.key-retired') {
      const { playbackKeyId, expiresAt } = data as { playbackKeyId: string; expiresAt: string }
      add(this.#keys, { id: playbackKeyId, epoch: null, expiresAt })
    }
    if (type === 'video.delivery-revoked') {
      const { videoId, ...revoked } = data as Omit<Item, 'id'> & { videoId: string }
      add(this.#videos, { id: videoId, ...revoked })
    }
  }

  /** Fetches the whole list, every 0.5 s until media answers. A call during a fetch causes one more. */
  reload(): void {
    this.#stale = true
    if (this.#loading) return
    this.#loading = true
    void this.#loadUntilFresh().finally(() => {
      this.#loading = false
    })
  }

  /** Asks every 10 s whether media answers, and removes what has expired. Returns a function that stops this and the fetches. */
  keepCurrent(): () => void {
    const timer = setInterval(() => void this.#beat(), HEARTBEAT_MS)
    timer.unref()
    return () => {
      this.#stopped = true
      clearInterval(timer)
    }
  }

  async #beat(): Promise<void> {
    for (const revoked of [this.#tokens, this.#videos, this.#keys]) removeExpired(revoked, Date.now())
    const askedAt = performance.now()
    const answers = await this.#page('videos', LAST_ID).then(
      () => true,
      () => false,
    )
    // While events may be missing, an answer to this question says nothing of the others.
    if (answers && !this.#stale) this.#heardAt = askedAt
  }

  async #loadUntilFresh(): Promise<void> {
    while (this.#stale && !this.#stopped) {
      this.#stale = false
      const askedAt = performance.now()
      try {
        await this.#load('tokens', this.#tokens)
        await this.#load('videos', this.#videos)
        await this.#load('keys', this.#keys)
        this.#loaded = true
        this.#heardAt = askedAt
      } catch (error) {
        this.#stale = true
        this.#logger.warn({ err: error }, 'failed to fetch the list of playback revocations')
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS).unref())
      }
    }
  }

  async #load(of: Listed, into: Map<string, Revoked>): Promise<void> {
    for (let after: string | null = null, more = true; more; ) {
      const page: { items: Item[]; more: boolean } = await this.#page(of, after)
      for (const item of page.items) add(into, item)
      after = page.items.at(-1)?.id ?? after
      more = page.more && page.items.length > 0
    }
  }

  async #page(of: Listed, after: string | null) {
    return await this.#rpc(media.listPlaybackRevocations, { of, after }, gatewayCall())
  }
}

function add(revoked: Map<string, Revoked>, { id, epoch, expiresAt }: Item): void {
  const known = revoked.get(id)
  const lowest = Math.max(known?.epoch ?? 0, epoch ?? Number.POSITIVE_INFINITY)
  revoked.set(id, { epoch: lowest, expiresAt: Math.max(known?.expiresAt ?? 0, Date.parse(expiresAt)) })
}

function removeExpired(revoked: Map<string, Revoked>, now: number): void {
  for (const [id, { expiresAt }] of revoked) if (expiresAt <= now) revoked.delete(id)
}
