export type Console = {
  line(text: string): void
  /** Runs `work` and prints what was done and how long it took. */
  step<T>(done: string, work: () => Promise<T>): Promise<T>
  /** A line that is drawn over itself on a terminal; elsewhere a new line, but not more than one in two seconds. */
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
        // ESC [ 2 K clears the line that the carriage return goes back on.
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
