import { basename } from 'node:path'
import type { ToolEnd } from './run-tool.ts'

/** Bytes of UTF-8. */
const KEPT = 64 * 1024

/** The end of what the tools of one attempt print, with their command lines, for the owner of the video. */
export class AttemptLog {
  #tail = ''

  begin(command: string, args: readonly string[]): void {
    this.add(`$ ${[basename(command), ...args].join(' ')}\n`)
  }

  add(text: string): void {
    this.#tail += text
    // Not at each line: every cut copies. More than is kept, because cleaning changes its length.
    if (this.#tail.length > 4 * KEPT) this.#tail = this.#tail.slice(-2 * KEPT)
  }

  end({ exitCode, killedBy, timedOut }: Omit<ToolEnd, 'stderr'>): void {
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
 * Takes out what tells of the machine: where things lie on its disk and in its memory. What is quoted of the file itself is
 * its owner's; all else that ffmpeg knows here are relative names of our own making.
 */
export function withoutHost(text: string): string {
  return text
    .replace(/(?<![\w.%])(?:\/[\w.@+-]+){2,}\/?/g, '[path]')
    .replace(/ @ 0x[\da-f]+/g, '')
    .replace(/[^\P{Cc}\t\n]/gu, '')
}

/** Whole lines, if it must be cut. */
function lastBytes(text: string): string {
  const bytes = Buffer.from(text)
  if (bytes.length <= KEPT) return text
  const tail = bytes.subarray(-KEPT)
  return tail.subarray(tail.indexOf('\n') + 1).toString()
}
