import type { Client } from 'openapi-fetch'
import { KinoraError } from './errors.ts'
import type { UploadSource } from './source.ts'
import type { Transport } from './transport.ts'
import type {
  CreatePlaybackToken,
  CreateVideo,
  EventsToken,
  ListVideos,
  PlaybackToken,
  paths,
  UpdateVideo,
  Video,
  VideoPage,
} from './types.ts'
import { type UploadOptions, uploadVideo } from './upload.ts'
import { type AwaitedState, type WaitOptions, waitFor } from './wait.ts'

export interface CallOptions {
  signal?: AbortSignal | undefined
}

/** Videos one by one, over all pages; or page by page. */
export interface VideoList extends AsyncIterable<Video> {
  pages(): AsyncGenerator<VideoPage, void>
}

/** The videos of the caller. */
export class Videos {
  readonly #api: Client<paths>
  readonly #transport: Transport
  readonly #baseUrl: string

  constructor(api: Client<paths>, transport: Transport, baseUrl: string) {
    this.#api = api
    this.#transport = transport
    this.#baseUrl = baseUrl
  }

  /** `for await (const video of kinora.videos.list({ status: 'ready' }))`. Pages are fetched as they are needed. */
  list(query: ListVideos = {}, { signal }: CallOptions = {}): VideoList {
    const fetchPage = async (page: ListVideos) =>
      dataOf(await this.#api.GET('/v1/videos', { params: { query: page }, signal: signal ?? null }))
    async function* pages(): AsyncGenerator<VideoPage, void> {
      let { cursor } = query
      do {
        const page = await fetchPage({ ...query, ...(cursor && { cursor }) })
        yield page
        cursor = page.nextCursor ?? undefined
      } while (cursor)
    }
    async function* items(): AsyncGenerator<Video, void> {
      for await (const page of pages()) yield* page.items
    }
    return { pages, [Symbol.asyncIterator]: items }
  }

  async get(videoId: string, { signal }: CallOptions = {}): Promise<Video> {
    return dataOf(await this.#api.GET('/v1/videos/{videoId}', { ...on(videoId), signal: signal ?? null }))
  }

  async create(fields: CreateVideo, { signal }: CallOptions = {}): Promise<Video> {
    return dataOf(await this.#api.POST('/v1/videos', { body: fields, signal: signal ?? null }))
  }

  async update(videoId: string, fields: UpdateVideo, { signal }: CallOptions = {}): Promise<Video> {
    const options = { ...on(videoId), body: fields, signal: signal ?? null }
    return dataOf(await this.#api.PATCH('/v1/videos/{videoId}', options))
  }

  async delete(videoId: string, { signal }: CallOptions = {}): Promise<void> {
    await this.#api.DELETE('/v1/videos/{videoId}', { ...on(videoId), signal: signal ?? null })
  }

  /**
   * Uploads a file, which becomes a new private video, or the source of `options.videoId`. Survives lost connections and
   * restarts of the server; in browsers, a file that is chosen again after a reload continues where it was.
   */
  upload(source: UploadSource, options: UploadOptions = {}): Promise<Video> {
    const api = {
      endpoint: new URL('v1/uploads', this.#baseUrl).href,
      authorization: this.#transport.authorization,
      isAlive: (url: string, signal?: AbortSignal) => this.#isAlive(url, signal),
      create: (fields: CreateVideo, signal?: AbortSignal) => this.create(fields, { signal }),
      get: (id: string, signal?: AbortSignal) => this.get(id, { signal }),
    }
    return uploadVideo(api, source, options)
  }

  async #isAlive(url: string, signal?: AbortSignal): Promise<boolean> {
    const headers = { 'tus-resumable': '1.0.0' }
    try {
      await this.#transport.send(new Request(url, { method: 'HEAD', headers, signal: signal ?? null }))
      return true
    } catch (error) {
      if (error instanceof KinoraError && (error.status === 404 || error.status === 410)) return false
      throw error
    }
  }

  /**
   * Waits until a video is `playable` (its first seconds can be played) or `ready`, by its events, or by polling where no
   * stream comes through. Throws `VideoFailedError` when it fails, and `WAIT_TIMED_OUT` after `timeoutMs`.
   */
  waitUntil(videoId: string, state: AwaitedState, options: WaitOptions = {}): Promise<Video> {
    const address = new URL(`v1/videos/${encodeURIComponent(videoId)}/events`, this.#baseUrl)
    const open = (signal: AbortSignal) => this.#transport.open(new Request(address, { signal }))
    return waitFor({ open, get: (signal) => this.get(videoId, { signal }) }, state, options)
  }

  /** Creates an address by which the `EventSource` of a page, which sends no header, follows this video; to be opened within five minutes. */
  async createEventsToken(videoId: string, { signal }: CallOptions = {}): Promise<EventsToken> {
    return dataOf(await this.#api.POST('/v1/videos/{videoId}/events-token', { ...on(videoId), signal: signal ?? null }))
  }

  /** Creates a link that plays a private video for everybody who has it, until it expires or is revoked. */
  async createPlaybackToken(
    videoId: string,
    fields: CreatePlaybackToken = {},
    { signal }: CallOptions = {},
  ): Promise<PlaybackToken> {
    const options = { ...on(videoId), body: fields, signal: signal ?? null }
    return dataOf(await this.#api.POST('/v1/videos/{videoId}/playback-tokens', options))
  }

  async revokePlaybackToken(videoId: string, tokenId: string, { signal }: CallOptions = {}): Promise<void> {
    const params = { path: { videoId, tokenId } }
    await this.#api.DELETE('/v1/videos/{videoId}/playback-tokens/{tokenId}', { params, signal: signal ?? null })
  }
}

function on(videoId: string) {
  return { params: { path: { videoId } } }
}

/** The transport throws for every answer but success, so only an empty one has no data. */
function dataOf<T>({ data, response }: { data?: T; response: Response }): T {
  if (data !== undefined) return data
  throw new KinoraError(`${response.url} answered without a body`, {
    code: 'UNEXPECTED_ANSWER',
    status: response.status,
  })
}
