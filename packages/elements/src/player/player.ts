import type { VideoEvent } from '@kinora/sdk'
import './media-chrome.ts'
import { clock, isPlayed, type PlayerState } from './notices.ts'
import { Playback, REPEATED_EVENTS } from './playback.ts'
import { Screen } from './screen.ts'
import { takeOver } from './take-over.ts'
import { texts } from './texts.ts'
import { type AccessToken, VideoAddress, type VideoFacts } from './video-address.ts'

export type { AccessToken, PlayerState, VideoFacts }

const NOT_READY = 409
const NOT_READY_RETRY_MS = 1000
/** After a failed request or a rate limit, and while a failed video may be tried again. */
const ERROR_RETRY_MS = 10_000
const LOST_RETRY_MS = 4000
/**
 * `<kinora-player>` plays one video: `src` is the address of its master playlist (`hlsUrl`), or `server` and `video-id`
 * (public and unlisted videos) or `token` (a playback token) name it. It waits for a video that is still being processed, plays
 * one that grows, and says what is wrong with one that does not play.
 *
 * Events: those of a media element, `statechange` (`detail.state`), `facts` (title and status, where the API tells them),
 * `qualitychange` (`detail.height`), `audiochange` (`detail.label`), `playbackerror` (`detail.details`, `detail.fatal`).
 */
export class KinoraPlayer extends HTMLElement {
  static readonly observedAttributes = ['src', 'server', 'video-id', 'token']

  readonly #screen = new Screen(this.attachShadow({ mode: 'open' }))
  #state: PlayerState = 'loading'
  #accessToken: AccessToken = null
  #playback: Playback | undefined
  #run: AbortController | undefined
  #wake = () => {}
  #isDue = false
  #facts: VideoFacts | undefined
  #percent: number | undefined
  #isFollowed = false
  /** Whether it is ready, so that no further state comes. */
  #isOver = false
  /** Whether it failed, so that nothing is added to what can be played. */
  #isCut = false
  #cause: string | undefined

  get src(): string | null {
    return this.getAttribute('src')
  }

  set src(value: string | null) {
    this.#reflect('src', value)
  }

  get server(): string | null {
    return this.getAttribute('server')
  }

  set server(value: string | null) {
    this.#reflect('server', value)
  }

  get videoId(): string | null {
    return this.getAttribute('video-id')
  }

  set videoId(value: string | null) {
    this.#reflect('video-id', value)
  }

  get token(): string | null {
    return this.getAttribute('token')
  }

  set token(value: string | null) {
    this.#reflect('token', value)
  }

  get state(): PlayerState {
    return this.#state
  }

  /** The media element, while there is something to play. */
  get media(): HTMLVideoElement | null {
    return this.#playback?.video ?? null
  }

  /** An access token of the owner, or a function that returns one, so that the states of a private video are known. */
  set accessToken(token: AccessToken) {
    this.#accessToken = token
    this.#restartSoon()
  }

  async play(): Promise<void> {
    await this.media?.play()
  }

  pause(): void {
    this.media?.pause()
  }

  override focus(options?: FocusOptions): void {
    this.#screen.controller.focus(options)
  }

  connectedCallback(): void {
    // After the elements of the shadow tree, which are connected later.
    queueMicrotask(() => this.#screen.correctRoles())
    this.#restartSoon()
  }

  disconnectedCallback(): void {
    this.#stop()
  }

  attributeChangedCallback(): void {
    this.#restartSoon()
  }

  #reflect(name: string, value: string | null): void {
    if (value === null) this.removeAttribute(name)
    else this.setAttribute(name, value)
  }

  /** Once for attributes that are set one after the other. */
  #restartSoon(): void {
    if (this.#isDue || !this.isConnected) return
    this.#isDue = true
    queueMicrotask(() => {
      this.#isDue = false
      this.#stop()
      if (this.isConnected) this.#start()
    })
  }

  #stop(): void {
    this.#run?.abort()
    this.#playback?.destroy()
    this.#playback = undefined
    this.#facts = undefined
    this.#percent = undefined
    this.#isFollowed = false
    this.#isOver = false
    this.#isCut = false
    this.#cause = undefined
  }

  #start(): void {
    this.#run = new AbortController()
    const { signal } = this.#run
    this.#show('loading')
    const [src, videoId, token] = ['src', 'video-id', 'token'].map((name) => this.getAttribute(name) ?? undefined)
    if (!src && !videoId && !token) return
    const server = this.getAttribute('server') ?? location.origin
    const named = { ...(src && { src }), ...(videoId && { videoId }), ...(token && { token }) }
    const address = new VideoAddress({ server, ...named, accessToken: this.#accessToken })
    void this.#loadFacts(address, signal)
    // A run that is over rejects with the reason of its signal.
    void this.#playWhenReady(address, signal).catch(() => {})
  }

  async #loadFacts(address: VideoAddress, signal: AbortSignal): Promise<void> {
    const facts = await address.facts(signal)
    if (!facts || signal.aborted) return
    this.#facts = facts
    this.#isCut = facts.status === 'failed'
    this.#screen.controller.setAttribute('aria-label', `${texts.player}: ${facts.title}`)
    this.#tell('facts', facts)
  }

  async #playWhenReady(address: VideoAddress, signal: AbortSignal): Promise<void> {
    if (!Playback.isSupported()) return this.#show('unsupported')
    for (let waited = false; ; waited = true) {
      const status = await address.playable(signal)
      signal.throwIfAborted()
      if (status === 200) return this.#playNow(address, signal, { waited, isSource: false })
      if (status === 403) return this.#show('denied')
      if (status === 404) return this.#show('not-found')
      if (status === NOT_READY) {
        void this.#follow(address, signal).catch(() => {})
        if (await address.hasSource(signal)) return this.#playNow(address, signal, { waited, isSource: true })
        if (this.#state === 'loading' || this.#state === 'unavailable') this.#show('processing')
      } else this.#show('unavailable')
      const isSoon = status === NOT_READY && this.#state !== 'failed'
      await this.#woken(isSoon ? NOT_READY_RETRY_MS : ERROR_RETRY_MS, signal)
    }
  }

  /** Waits, or until the events of the video say that it is playable. */
  #woken(ms: number, signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      this.#wake = resolve
      setTimeout(resolve, ms)
      signal.addEventListener('abort', () => reject(signal.reason), { once: true })
    })
  }

  /** The API tells the states of a public video to everybody, and those of a private one to its owner. */
  async #follow(address: VideoAddress, signal: AbortSignal): Promise<void> {
    if (this.#isFollowed) return
    this.#isFollowed = true
    while (!this.#isOver && address.isAskable && !signal.aborted) {
      try {
        for await (const event of address.states(signal)) {
          this.#hear(event)
          if (this.#isOver) return
        }
      } catch {
        signal.throwIfAborted()
      }
      await new Promise((resolve) => setTimeout(resolve, NOT_READY_RETRY_MS))
    }
  }

  #hear({ status, playable, progress, error }: VideoEvent): void {
    this.#percent = progress.percent
    this.#cause = error?.detail
    this.#isOver = status === 'ready'
    this.#isCut = status === 'failed'
    if (this.#playback) return
    if (status === 'failed' && !playable) this.#show('failed')
    else this.#show(status === 'awaiting_upload' ? 'no-source' : 'processing')
    if (playable) this.#wake()
  }

  #playNow(
    address: VideoAddress,
    signal: AbortSignal,
    { waited, isSource }: { waited: boolean; isSource: boolean },
  ): void {
    const playback = this.#prepare(address, signal, { startAt: 0, isSource })
    playback.video.muted = this.hasAttribute('muted')
    void this.#screen.showPoster(this.#posterOf(address), undefined, signal)
    this.#present(playback, address, signal)
    // A visitor who has waited wants to watch. If the browser requires a gesture first, the play button remains.
    if (waited || this.hasAttribute('autoplay')) playback.video.play().catch(() => {})
    if (isSource) this.#changeOver(playback, address, signal)
  }

  /** Goes on without a jump by what the master playlist names now. */
  #changeOver(playback: Playback, address: VideoAddress, signal: AbortSignal): void {
    const changing = takeOver(playback.video, {
      isOver: () => signal.aborted || this.#playback !== playback,
      isPlayable: async () => (await address.playable(signal)) === 200,
      prepare: (startAt) => {
        const next = this.#prepare(address, signal, { startAt, isSource: false })
        this.#screen.load(next.video)
        return next
      },
      place: (next) => this.#present(next, address, signal),
    })
    // The visitor stays with what is shown.
    changing.catch(() => {})
  }

  #prepare(
    address: VideoAddress,
    signal: AbortSignal,
    { startAt, isSource }: { startAt: number; isSource: boolean },
  ): Playback {
    const ifShown = (act: () => void) => {
      if (this.#playback === playback) act()
    }
    const playback: Playback = new Playback(address, {
      startAt,
      isSource,
      listener: {
        changed: () => ifShown(() => this.#update(playback, address, signal)),
        switched: (height) => ifShown(() => this.#tell('qualitychange', { height })),
        audioSwitched: (label) => ifShown(() => this.#tell('audiochange', { label })),
        failed: (problem) => this.#tell('playbackerror', problem),
        lost: () => ifShown(() => void this.#lost(playback, address, signal).catch(() => {})),
      },
    })
    for (const type of REPEATED_EVENTS) {
      playback.video.addEventListener(type, () => ifShown(() => this.dispatchEvent(new Event(type))))
    }
    return playback
  }

  #present(playback: Playback, address: VideoAddress, signal: AbortSignal): void {
    const before = this.#playback
    this.#playback = playback
    this.#screen.place(playback.video, before?.video)
    before?.destroy()
    this.#update(playback, address, signal)
  }

  #posterOf(address: VideoAddress): string {
    return this.getAttribute('poster') ?? `${address.base}/poster.jpg`
  }

  #update({ length, isSource, isAudioOnly, video }: Playback, address: VideoAddress, signal: AbortSignal): void {
    const { isGrowing, seconds } = length
    if (isAudioOnly && !video.poster) void this.#screen.showPoster(this.#posterOf(address), video, signal)
    if (isGrowing) void this.#follow(address, signal).catch(() => {})
    const whole = this.#facts?.source?.durationSeconds ?? null
    const growing =
      whole === null || isSource
        ? texts.growing
        : texts.growingOf.replace('{made}', clock(Math.min(seconds, whole))).replace('{whole}', clock(whole))
    this.#screen.badge(isGrowing || isSource ? (this.#isCut ? texts.cut : growing) : '')
    if (isSource) this.#show('source')
    else this.#show(isGrowing ? 'growing' : 'playing')
  }

  /** What is buffered plays on; the rest is fetched as soon as the server answers again. */
  async #lost(playback: Playback, address: VideoAddress, signal: AbortSignal): Promise<void> {
    // Such as a video that failed meanwhile, or has renditions now.
    if (playback.isSource) {
      playback.destroy()
      this.#playback = undefined
      this.#show('processing')
      await this.#woken(NOT_READY_RETRY_MS, signal)
      return await this.#playWhenReady(address, signal)
    }
    while (this.#playback === playback) {
      const status = await address.playable(signal)
      signal.throwIfAborted()
      if (status === 403 || status === 404) {
        playback.destroy()
        this.#playback = undefined
        return this.#show('denied')
      }
      if (status === 200 && playback.isExpired) return this.#changeOver(playback, address, signal)
      this.#screen.badge(texts.lost)
      await this.#woken(LOST_RETRY_MS, signal)
      if ((await address.playable(signal)) !== 200) continue
      this.#screen.badge('')
      return playback.resume()
    }
  }

  #show(state: PlayerState): void {
    this.toggleAttribute('playing-state', isPlayed(state))
    this.#screen.show(state, { cause: this.#cause, percent: this.#percent })
    if (state === this.#state) return
    this.#state = state
    this.#tell('statechange', { state })
  }

  #tell(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail }))
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'kinora-player': KinoraPlayer
  }
}

if (!customElements.get('kinora-player')) customElements.define('kinora-player', KinoraPlayer)
