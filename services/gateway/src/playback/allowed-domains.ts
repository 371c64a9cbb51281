import type { EventData, EventEnvelope, Output } from '@kinora/common/contract'
import { type events, media, type ProjectDomains } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Request } from 'express'
import { LRUCache } from 'lru-cache'
import { gatewayCall, isAway, type Rpc, within } from '../rpc.ts'
import { mayPlay, pageOf } from './page.ts'

/** How long a list is used before media is asked again, although no event said that it has changed. */
const TTL_MS = 30_000
/** Of videos, and of projects. */
const MAX_ENTRIES = 10_000
/** How long a request waits for an answer of media. */
const PATIENCE_MS = 1000
/** Between two questions while media does not answer. */
const RETRY_MS = 1000

const NEVER = Number.NEGATIVE_INFINITY

interface KnownVideo {
  projectId: string
  own: string[] | null
  /** By `performance.now()`; after it media is asked, and the list used meanwhile. */
  freshUntil: number
  /** Whether a change may have been missed, so that requests wait for media's answer. */
  doubtful: boolean
}

/**
 * The sites whose pages may play each video: the list of the video, else that of its project. Asked once, and kept current by
 * the events of media and auth, so that requests for files need no call. While media does not answer, lists are used as they are
 * known, and a video whose list is not known plays everywhere: this keeps browsers out, and is no secret.
 */
export class AllowedDomainLists {
  readonly #rpc: Rpc
  readonly #ownOrigins: ReadonlySet<string>
  readonly #videos = new LRUCache<string, KnownVideo>({ max: MAX_ENTRIES })
  readonly #projects = new LRUCache<string, ProjectDomains>({ max: MAX_ENTRIES })
  readonly #pending = new Map<string, Promise<string[]>>()
  /** Counts changes and questions, so that a response to a question from before a change is not kept. */
  #tick = 0
  readonly #changed = new LRUCache<string, number>({ max: MAX_ENTRIES })
  #gapAt = 0
  /** Media is not asked before, by `performance.now()`. */
  #askAgainAt = NEVER

  /** @param ownOrigins origins whose pages play everything */
  constructor(rpc: Rpc, ownOrigins: ReadonlySet<string>) {
    this.#rpc = rpc
    this.#ownOrigins = ownOrigins
  }

  /** Throws `PLAYBACK_DOMAIN_NOT_ALLOWED`. Returns whether only some sites may play the video. */
  async assertMayPlay({ headers }: Request, videoId: string): Promise<boolean> {
    const allowed = await this.of(videoId)
    if (!mayPlay(pageOf(headers, this.#ownOrigins), allowed)) throw new AppError('PLAYBACK_DOMAIN_NOT_ALLOWED')
    return allowed.length > 0
  }

  /** The sites whose pages may play a video; empty: all, or there is no such video. Never rejects. */
  async of(videoId: string): Promise<readonly string[]> {
    const known = this.#videos.get(videoId)
    const now = performance.now()
    if (known && now < known.freshUntil) return this.#listOf(known)
    if (now >= this.#askAgainAt) {
      const asked = this.#ask(videoId)
      if (!known || known.doubtful) return await within(PATIENCE_MS, asked).catch((error) => this.#failed(error, known))
      asked.catch((error) => void this.#failed(error, known))
    }
    return known ? this.#listOf(known) : []
  }

  /** Applies an event of media or auth. */
  receive({ type, data }: EventEnvelope): void {
    if (type === 'auth.project-changed') {
      const { projectId, revision, allowedDomains } = data as EventData<(typeof events)['auth.project-changed']>
      this.#keepProject(projectId, { revision, domains: allowedDomains })
    }
    if (type === 'video.deleted') this.#videos.delete((data as { videoId: string }).videoId)
    if (type !== 'video.changed') return
    const { videoId, allowedDomains: own, status } = data as EventData<(typeof events)['video.changed']>
    const known = this.#videos.peek(videoId)
    if (known && own !== undefined) {
      this.#changed.set(videoId, this.#next())
      known.own = own
    }
    // As its grant, so that it plays during an outage as it should.
    if (!known && status === 'ready') this.#ask(videoId).catch(() => {})
  }

  /** Asks again about all videos, because changes may have been missed. */
  invalidateAll(): void {
    this.#gapAt = this.#next()
    for (const known of this.#videos.values()) Object.assign(known, { freshUntil: NEVER, doubtful: true })
  }

  #listOf({ own, projectId }: Pick<KnownVideo, 'own' | 'projectId'>): string[] {
    return own ?? this.#projects.get(projectId)?.domains ?? []
  }

  #failed(error: unknown, known: KnownVideo | undefined): string[] {
    if (!(error instanceof AppError) || isAway(error)) this.#askAgainAt = performance.now() + RETRY_MS
    return known ? this.#listOf(known) : []
  }

  /** All callers with one video share a question. */
  #ask(videoId: string): Promise<string[]> {
    const running = this.#pending.get(videoId)
    if (running !== undefined) return running
    const tick = this.#next()
    const asked = this.#rpc(media.findAllowedDomains, { videoId }, gatewayCall())
      .then((answer) => this.#keep(videoId, answer, tick))
      .finally(() => this.#pending.delete(videoId))
    this.#pending.set(videoId, asked)
    return asked
  }

  #keep(videoId: string, { projectId, own, project }: Output<typeof media.findAllowedDomains>, tick: number): string[] {
    this.#keepProject(projectId, project)
    // What an event has said since is newer than this answer.
    if (tick >= Math.max(this.#gapAt, this.#changed.get(videoId) ?? 0)) {
      this.#videos.set(videoId, { projectId, own, freshUntil: performance.now() + TTL_MS, doubtful: false })
    }
    return this.#listOf(this.#videos.peek(videoId) ?? { projectId, own })
  }

  #keepProject(projectId: string, said: ProjectDomains): void {
    if (said.revision >= (this.#projects.get(projectId)?.revision ?? 0)) this.#projects.set(projectId, said)
  }

  #next(): number {
    this.#tick += 1
    return this.#tick
  }
}
