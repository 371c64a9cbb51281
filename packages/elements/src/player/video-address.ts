import type { VideoEvent } from '@kinora/sdk'
import { follow } from '@kinora/sdk/follow'

/** What the API tells of a video to whoever may see it. */
export interface VideoFacts {
  title: string
  description: string
  status: VideoEvent['status']
  source: { durationSeconds: number | null } | null
}

export type AccessToken = string | null | (() => string | Promise<string>)

/** The API does not know the video, or does not tell this viewer; other answers pass. */
const REFUSED = new Set([401, 403, 404])

/** Where a video is played and asked about. */
export class VideoAddress {
  /** Folder of its playlists and pictures. */
  readonly base: string
  #api: string | undefined
  readonly #accessToken: AccessToken

  /**
   * By `src`, the address of the master playlist; or by `server` and the id of the video or a playback token. The API is
   * asked only where it would answer: about a private video, its owner with an access token.
   */
  constructor(attributes: {
    src?: string
    server: string
    videoId?: string
    token?: string
    accessToken: AccessToken
  }) {
    const { src, server, videoId, token, accessToken } = attributes
    const reference = token ?? videoId
    const played = src ?? `${server.replace(/\/$/, '')}/play/${encodeURIComponent(reference ?? '')}/master.m3u8`
    const master = new URL(played, document.baseURI)
    this.base = new URL('.', master).href.replace(/\/$/, '')
    this.#accessToken = accessToken
    const mayAsk = videoId !== undefined && (accessToken !== null || (token === undefined && src === undefined))
    if (mayAsk)
      this.#api = new URL(
        `/v1/videos/${encodeURIComponent(videoId)}`,
        src ? master : new URL(server, document.baseURI),
      ).href
  }

  get master(): string {
    return `${this.base}/master.m3u8`
  }

  /** The uploaded file, where browsers may play it as it is until there is a playlist. */
  get source(): string {
    return `${this.base}/source`
  }

  /** The status of the master playlist; 0 without a response. */
  playable(signal: AbortSignal): Promise<number> {
    return statusOf(this.master, { signal })
  }

  async hasSource(signal: AbortSignal): Promise<boolean> {
    return (await statusOf(this.source, { method: 'HEAD', signal })) === 200
  }

  /** Undefined where the API does not say it. */
  async facts(signal: AbortSignal): Promise<VideoFacts | undefined> {
    try {
      return await (await this.#ask('', signal))?.json()
    } catch {
      return undefined
    }
  }

  /** Whether the API says the states of this video to this viewer. */
  get isAskable(): boolean {
    return this.#api !== undefined
  }

  /** The states of the video until the signal; ends where the API does not say them. */
  async *states(signal: AbortSignal): AsyncGenerator<VideoEvent, void> {
    if (this.#api === undefined) return
    const open = async (signal: AbortSignal) => {
      const response = await this.#ask('/events', signal)
      if (!response) throw new Error('The API does not tell the states of this video')
      return response
    }
    yield* follow(open, signal)
  }

  async #ask(path: string, signal: AbortSignal): Promise<Response | undefined> {
    if (this.#api === undefined) return undefined
    const token = typeof this.#accessToken === 'function' ? await this.#accessToken() : this.#accessToken
    const headers: Record<string, string> = token ? { authorization: `Bearer ${token}` } : {}
    const response = await fetch(`${this.#api}${path}`, { headers, signal })
    if (REFUSED.has(response.status)) this.#api = undefined
    return response.ok ? response : undefined
  }
}

async function statusOf(url: string, init: RequestInit): Promise<number> {
  try {
    return (await fetch(url, { ...init, cache: 'no-store' })).status
  } catch {
    return 0
  }
}
