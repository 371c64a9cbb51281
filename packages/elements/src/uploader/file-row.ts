import type { KinoraError } from '@kinora/sdk'
import type { FinishedUpload, ResumableUpload } from '@kinora/sdk/upload'
import { ROW } from './template.ts'

export type FileState = 'queued' | 'uploading' | 'paused' | 'waiting' | 'offline' | 'done' | 'failed' | 'refused'

const WORDS: Record<FileState, string> = {
  queued: 'Waiting for its turn',
  uploading: 'Uploading',
  paused: 'Paused',
  waiting: 'The connection was lost. Trying again…',
  offline: 'You are offline. It continues when you are back.',
  done: 'Uploaded',
  failed: 'Not uploaded',
  refused: 'Not uploaded',
}

interface FileEvents {
  /** The state changed; its words are for screen readers. */
  changed(row: FileRow, words: string): void
  progress(row: FileRow, sent: number, total: number): void
  finished(row: FileRow, finished: FinishedUpload): void
  failed(row: FileRow, error: KinoraError): void
  removed(row: FileRow): void
}

/** One file in the list: its name, its progress and its buttons. */
export class FileRow {
  readonly element: HTMLElement
  readonly file: File
  readonly #events: FileEvents
  readonly #create: () => ResumableUpload
  #upload: ResumableUpload | undefined
  #state: FileState = 'queued'
  #quarter = 0

  constructor(file: File, create: (row: FileRow) => ResumableUpload, events: FileEvents) {
    this.file = file
    this.#events = events
    this.#create = () => create(this)
    const template = document.createElement('template')
    template.innerHTML = ROW.trim()
    this.element = template.content.firstElementChild as HTMLElement
    this.#part('.name').textContent = file.name
    this.#part('.size').textContent = sizeOf(file.size)
    this.#part('progress').setAttribute('aria-label', `Progress of ${file.name}`)
    this.#part('.pause').addEventListener('click', () => this.#toggle())
    this.#part('.remove').addEventListener('click', () => void this.cancel())
    this.become('queued')
  }

  get state(): FileState {
    return this.#state
  }

  async start(): Promise<void> {
    this.become('uploading')
    const upload = this.#create()
    this.#upload = upload
    try {
      // Whether it still can be continued, the first request finds out; otherwise another upload is begun.
      await upload.resumePrevious(async () => true)
      // A pause or the end may have come meanwhile.
      if (this.#state === 'uploading') upload.start()
      const finished = await upload.finished
      this.#progress(100)
      this.become('done')
      this.#events.finished(this, finished)
    } catch (error) {
      if (this.#upload !== upload || !this.element.isConnected) return
      this.become('failed', (error as Error).message)
      this.#events.failed(this, error as KinoraError)
    }
  }

  progress(sent: number, total: number): void {
    const percent = total === 0 ? 100 : (100 * sent) / total
    this.#progress(percent)
    this.#part('.state').textContent = `${WORDS[this.#state]} ${Math.floor(percent)} %`
    this.#events.progress(this, sent, total)
    // Screen readers hear of every quarter.
    if (Math.floor(percent / 25) <= this.#quarter) return
    this.#quarter = Math.floor(percent / 25)
    if (percent < 100) this.#events.changed(this, `${this.file.name}: ${Math.floor(percent)} %`)
  }

  become(state: FileState, detail = ''): void {
    this.#state = state
    const words = detail ? `${WORDS[state]}: ${detail}` : WORDS[state]
    this.#part('.state').textContent = words
    this.element.dataset.state = state
    const [pause, remove] = [this.#part('.pause'), this.#part('.remove')]
    const name = { paused: 'Resume', failed: 'Try again' }[state as string] ?? 'Pause'
    pause.textContent = name
    pause.setAttribute('aria-label', `${name}: ${this.file.name}`)
    pause.hidden = state === 'done' || state === 'queued' || state === 'refused'
    const end = state === 'done' || state === 'refused' ? 'Remove' : 'Cancel'
    remove.textContent = end
    remove.setAttribute('aria-label', `${end}: ${this.file.name}`)
    if (state !== 'queued') this.#events.changed(this, `${this.file.name}: ${words}`)
  }

  /** Takes the file off the list, and what the server has of it. */
  async cancel(): Promise<void> {
    const upload = this.#upload
    this.element.remove()
    this.#events.removed(this)
    if (this.#state !== 'done') await upload?.cancel(new Error('It was cancelled'), { remove: true })
  }

  #toggle(): void {
    if (this.#state === 'failed') void this.start()
    else if (this.#state === 'paused') {
      this.become('uploading')
      this.#upload?.start()
    } else {
      this.become('paused')
      this.#upload?.pause()
    }
  }

  #progress(percent: number): void {
    const bar = this.#part('progress')
    if (bar instanceof HTMLProgressElement) bar.value = percent
  }

  #part(selector: string): HTMLElement {
    const part = this.element.querySelector<HTMLElement>(selector)
    if (!part) throw new Error(`The row has no ${selector}`)
    return part
  }
}

const UNITS = ['bytes', 'KB', 'MB', 'GB', 'TB']

function sizeOf(bytes: number): string {
  const power = Math.min(bytes === 0 ? 0 : Math.floor(Math.log10(bytes) / 3), UNITS.length - 1)
  const value = bytes / 1000 ** power
  return `${value >= 100 || power === 0 ? Math.round(value) : value.toFixed(1)} ${UNITS[power]}`
}
