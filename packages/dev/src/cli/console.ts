export type Console = {
  line(text: string): void
  /** Runs `work` and prints what was done and how long it took. */
  step<T>(done: string, work: () => Promise<T>): Promise<T>
  /** Overwrites the last line on a terminal; elsewhere prints a new line, at most one in two seconds. */
  update(text: string): void
}

const PLAIN_PAUSE_MS = 2000

export function createConsole(output: NodeJS.WriteStream = process.stdout): Console {
  let updating = ''
  let lastPlain = Number.NEGATIVE_INFINITY

  function line(text: string): void {
    if (updating && output.isTTY) output.write('\n')
    updating = ''
    output.write(`${text}\n`)
  }

  return {
    line,
    async step(done, work) {
      const started = performance.now()
      const result = await work()
      line(`${done} (${seconds(performance.now() - started)})`)
      return result
    },
    update(text) {
      if (text === updating) return
      if (output.isTTY) {
        // ESC [ 2 K clears the line that the cursor is on.
        output.write(`\r\u001b[2K${text}`)
      } else {
        if (performance.now() - lastPlain < PLAIN_PAUSE_MS) return
        lastPlain = performance.now()
        output.write(`${text}\n`)
      }
      updating = text
    },
  }
}

export function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`
}

const QUIET = new Set(['trace', 'debug', 'info'])

/** A service's log line as text for a terminal; `undefined` below the level `warn`. */
export function readableServiceLine(name: string, line: string): string | undefined {
  try {
    const { level, msg, err } = JSON.parse(line) as { level: string; msg?: string; err?: { message?: string } }
    if (QUIET.has(level)) return undefined
    return `${name} | ${msg ?? ''}${err?.message ? `: ${err.message}` : ''}`
  } catch {
    // Not a log line but the output of a crash.
    return `${name} | ${line}`
  }
}
