import { isPlayed, type PlayerState } from './notices.ts'
import { CSS, HTML } from './template.ts'
import { texts } from './texts.ts'

const POSTER_RETRY_MS = 3000
/** Asked for the picture of a video that plays while its picture is still being made. */
const POSTER_TRIES = 20

/** What the shadow tree of a player shows: the controls, or a notice over them, and a line above the frames. */
export class Screen {
  readonly #root: ShadowRoot

  constructor(root: ShadowRoot) {
    this.#root = root
    const styles = new CSSStyleSheet()
    styles.replaceSync(CSS)
    root.adoptedStyleSheets = [styles]
    root.innerHTML = HTML
  }

  get controller(): HTMLElement {
    return this.#element('media-controller')
  }

  /**
   * What media-chrome 4 sets when it is connected and WAI-ARIA 1.2 does not allow: `aria-checked` on a button, and a button
   * among the items of a menu.
   */
  correctRoles(): void {
    this.#element('media-captions-button').role = 'switch'
    for (const menu of this.#root.querySelectorAll('[role=menu]')) {
      menu.shadowRoot?.querySelector('button')?.setAttribute('role', 'menuitem')
    }
  }

  show(state: PlayerState, { cause, percent }: { cause: string | undefined; percent: number | undefined }): void {
    const notice = this.#element('#notice')
    notice.hidden = isPlayed(state)
    if (isPlayed(state)) return
    const line = notice.querySelector('p')
    const sentence = texts.notices[state]
    const text = state === 'failed' && cause ? `${sentence} ${cause}` : sentence
    // Only when it changes, because screen readers announce each update.
    if (line && line.textContent !== text) line.textContent = text
    const bar = notice.querySelector('progress')
    if (!bar) return
    bar.hidden = state !== 'processing'
    if (percent) bar.value = percent
    else bar.removeAttribute('value')
  }

  badge(text: string): void {
    const badge = this.#element('#badge')
    badge.textContent = text
    badge.hidden = text === ''
  }

  /** Shows a media element with the controls, in the place of `before`. */
  place(video: HTMLVideoElement, before: HTMLVideoElement | undefined): void {
    if (before) before.replaceWith(video)
    else this.controller.append(video)
  }

  /** Lets a media element load without being seen. */
  load(video: HTMLVideoElement): void {
    this.#root.append(video)
  }

  /** In the place of the first frame; audio without frames keeps it (`video`) while it plays. */
  async showPoster(address: string, video: HTMLVideoElement | undefined, signal: AbortSignal): Promise<void> {
    for (let tries = video ? POSTER_TRIES : 1; tries > 0 && !signal.aborted; tries -= 1) {
      if (await exists(address)) {
        if (video) video.poster = address
        return this.#element('media-poster-image').setAttribute('src', address)
      }
      if (tries > 1) await new Promise((resolve) => setTimeout(resolve, POSTER_RETRY_MS))
    }
  }

  #element(selector: string): HTMLElement {
    const element = this.#root.querySelector<HTMLElement>(selector)
    if (!element) throw new Error(`The template has no ${selector}`)
    return element
  }
}

async function exists(address: string): Promise<boolean> {
  const image = new Image()
  image.src = address
  return image.decode().then(
    () => true,
    () => false,
  )
}
