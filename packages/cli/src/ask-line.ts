import { createInterface } from 'node:readline/promises'

/** Asks at the terminal, on standard error: standard output is for what a program reads. */
export async function askLine(question: string): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output: process.stderr })
  const ended = new AbortController()
  terminal.once('close', () => ended.abort())
  try {
    return await terminal.question(question, { signal: ended.signal }).catch(() => '')
  } finally {
    terminal.close()
  }
}
