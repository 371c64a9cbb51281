import type { KinoraError } from '@kinora/sdk'
import { ResumableUpload } from '@kinora/sdk/upload'
import { FileRow } from './file-row.ts'
import { CSS, HTML } from './template.ts'

type Headers = Record<string, string>

/** Uploads at the same time; the other files wait. */
const PARALLEL = 2

/**
 * `<kinora-uploader endpoint="https://videos.example.com/v1/uploads">` takes files that are chosen, dropped or pasted to any tus
 * server. Uploads survive lost connections, time offline and, if the file is chosen again, a reload.
 *
 * Attributes: `endpoint`; `token`, sent as a bearer token; `accept`, as of `<input>` (`video/*` and `audio/*` unless given);
 * `max-bytes` of one file; `single`, for one file at a time; `video-id` of a video that waits for its source; `disabled`.
 * Events, all with `detail.file`: `upload-start`, `upload-progress` (`sent`, `total`), `upload-success` (`videoId`, `url`),
 * `upload-error` (`error`, a `KinoraError`), `upload-cancel`.
 */
export class KinoraUploader extends HTMLElement {
  static readonly observedAttributes = ['accept', 'single', 'disabled']

  /** Headers of each request; after a 401 it is called with the refusal. */
  headers: (refusal?: KinoraError) => Headers | Promise<Headers> = () => ({})
  /** `Upload-Metadata` of a file in addition to its name and type, for example `title`. */
  metadata: (file: File) => Record<string, string> = () => ({})

  readonly #root = this.attachShadow({ mode: 'open' })
  readonly #rows: FileRow[] = []
  #connected = new AbortController()

  constructor() {
    super()
    const styles = new CSSStyleSheet()
    styles.replaceSync(CSS)
    this.#root.adoptedStyleSheets = [styles]
    this.#root.innerHTML = HTML
    this.#find('#choose').addEventListener('click', () => this.choose())
    this.#input.addEventListener('change', () => {
      this.add(this.#input.files ?? [])
      // So that the same file can be chosen again.
      this.#input.value = ''
    })
  }

  connectedCallback(): void {
    this.#connected = new AbortController()
    const { signal } = this.#connected
    const area = this.#find('#area')
    const over = (isOver: boolean) => (event: DragEvent) => {
      event.preventDefault()
      area.classList.toggle('over', isOver && !this.hasAttribute('disabled'))
    }
    this.addEventListener('dragover', over(true), { signal })
    this.addEventListener('dragleave', over(false), { signal })
    this.addEventListener('drop', over(false), { signal })
    this.addEventListener('drop', ({ dataTransfer }) => this.add(dataTransfer?.files ?? []), { signal })
    document.addEventListener('paste', (event) => this.#paste(event), { signal })
    this.attributeChangedCallback()
  }

  /** Uploads go on; nothing is dropped or pasted any more. */
  disconnectedCallback(): void {
    this.#connected.abort()
  }

  attributeChangedCallback(): void {
    this.#input.accept = this.getAttribute('accept') ?? 'video/*,audio/*'
    this.#input.multiple = !this.hasAttribute('single')
    const choose = this.#find('#choose')
    choose.toggleAttribute('disabled', this.hasAttribute('disabled'))
    choose.textContent = this.hasAttribute('single') ? 'Choose a file' : 'Choose files'
  }

  /** Opens the dialog of the browser; only during a click or a key, as browsers demand. */
  choose(): void {
    if (!this.hasAttribute('disabled')) this.#input.click()
  }

  /** Begins to upload these files. */
  add(files: Iterable<File>): void {
    if (this.hasAttribute('disabled')) return
    for (const file of this.hasAttribute('single') ? [...files].slice(0, 1) : files) this.#addOne(file)
    this.#startNext()
  }

  #addOne(file: File): void {
    const events = {
      changed: (_row: FileRow, words: string) => this.#say(words),
      progress: (_row: FileRow, sent: number, total: number) => this.#tell('upload-progress', { file, sent, total }),
      finished: (_row: FileRow, { url, videoId }: { url: string; videoId: string | undefined }) => {
        this.#tell('upload-success', { file, url, videoId })
        this.#startNext()
      },
      failed: (_row: FileRow, error: KinoraError) => {
        this.#tell('upload-error', { file, error })
        this.#startNext()
      },
      removed: (row: FileRow) => {
        this.#rows.splice(this.#rows.indexOf(row), 1)
        this.#find('#choose').focus()
        if (row.state !== 'done') this.#tell('upload-cancel', { file })
        this.#startNext()
      },
    }
    const row = new FileRow(file, (row) => this.#uploadOf(row), events)
    this.#rows.push(row)
    this.#find('#files').append(row.element)
    const max = Number(this.getAttribute('max-bytes') ?? Number.POSITIVE_INFINITY)
    if (file.size > max) row.become('refused', `The file is larger than ${max} bytes`)
    else if (file.size === 0) row.become('refused', 'The file is empty')
  }

  #startNext(): void {
    const isBusy = ({ state }: FileRow) => state === 'uploading' || state === 'waiting' || state === 'offline'
    for (const row of this.#rows) {
      if (this.#rows.filter(isBusy).length >= PARALLEL) return
      if (row.state !== 'queued') continue
      this.#tell('upload-start', { file: row.file })
      void row.start()
    }
  }

  #uploadOf(row: FileRow): ResumableUpload {
    const { file } = row
    const videoId = this.getAttribute('video-id')
    const title = file.name.replace(/\.\w{1,5}$/, '')
    const given = {
      title,
      filename: file.name,
      filetype: file.type,
      ...(videoId && { videoId }),
      ...this.metadata(file),
    }
    return new ResumableUpload(file, {
      endpoint: new URL(this.getAttribute('endpoint') ?? '/v1/uploads', document.baseURI).href,
      headers: async (refusal) => ({ ...this.#authorization(), ...(await this.headers(refusal)) }),
      metadata: Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')),
      onProgress: (sent, total) => row.progress(sent, total),
      onState: (state) => row.become(state),
    })
  }

  #authorization(): Headers {
    const token = this.getAttribute('token')
    return token ? { authorization: `Bearer ${token}` } : {}
  }

  #paste({ clipboardData, target }: ClipboardEvent): void {
    const isText = target instanceof HTMLElement && (target.isContentEditable || target.matches('input, textarea'))
    if (!isText && clipboardData) this.add(clipboardData.files)
  }

  #say(words: string): void {
    this.#find('#said').textContent = words
  }

  #tell(type: string, detail: object): void {
    this.dispatchEvent(new CustomEvent(type, { detail, bubbles: true, composed: true }))
  }

  get #input(): HTMLInputElement {
    return this.#find('input') as HTMLInputElement
  }

  #find(selector: string): HTMLElement {
    const element = this.#root.querySelector<HTMLElement>(selector)
    if (!element) throw new Error(`The template has no ${selector}`)
    return element
  }
}

declare global {
  interface HTMLElementTagNameMap {
    'kinora-uploader': KinoraUploader
  }
}

if (!customElements.get('kinora-uploader')) customElements.define('kinora-uploader', KinoraUploader)
