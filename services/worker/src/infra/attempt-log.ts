import { basename } from 'node:path'

/** How a run of a tool ended. */
export interface ToolExit {
  exitCode: number | null
  killedBy: NodeJS.Signals | null
  /** It was killed at the time limit. */
  timedOut: boolean
}

/** Bytes of UTF-8 that are kept. */
const KEPT = 64 * 1024

/** The end of the output of the tools of one attempt, with their command lines, for the owner of the video. */
export class AttemptLog {
  #tail = ''

  begin(command: string, args: readonly string[]): void {
    this.add(`$ ${[basename(command), ...args].join(' ')}\n`)
  }

  add(text: string): void {
    this.#tail += text
    // Rarely, because every cut copies; to more than is kept, because `withoutHost` changes the length.
    if (this.#tail.length > 4 * KEPT) this.#tail = this.#tail.slice(-2 * KEPT)
  }

  end({ exitCode, killedBy, timedOut }: ToolExit): void {
    const gap = this.#tail.endsWith('\n') ? '' : '\n'
    const how = timedOut ? 'stopped at the time limit' : killedBy ? `killed by ${killedBy}` : `ended with ${exitCode}`
    this.add(`${gap}${how}\n`)
  }

  /** Undefined while nothing was printed. */
  text(): string | undefined {
    return this.#tail === '' ? undefined : lastBytes(withoutHost(this.#tail))
  }
}

/**
 * Removes details of the machine: paths on its disk, and addresses in its memory. Quotes of the file itself belong to its
 * owner; all other names that ffmpeg knows here are relative names that we chose.
 */
export function withoutHost(text: string): string {
  return text
    .replace(/(?<![\w.%])(?:\/[\w.@+-]+){2,}\/?/g, '[path]')
    .replace(/ @ 0x[\da-f]+/g, '')
    .replace(/[^\P{Cc}\t\n]/gu, '')
}

/** The last `KEPT` bytes, from the start of a line. */
function lastBytes(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= KEPT) return text
  const tail = bytes.subarray(-KEPT)
  return tail.subarray(tail.indexOf('\n') + 1).toString()
}
