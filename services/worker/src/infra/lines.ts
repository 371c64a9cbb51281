import type { Readable } from 'node:stream'

/** Characters; an honest tool prints a tenth of this without a line break. */
const MAX_LINE = 4 * 1024 * 1024

/** Calls `onLine` with each line of a tool's output, and `onExcess` for one that would fill the memory. */
export function readLines(stream: Readable, onLine: (line: string) => void, onExcess: () => void): void {
  let rest = ''
  let excess = false
  stream.setEncoding('utf8')
  stream.on('data', (text: string) => {
    if (excess) return
    const lines = (rest + text).split('\n')
    rest = lines.pop() ?? ''
    for (const line of lines) onLine(line.endsWith('\r') ? line.slice(0, -1) : line)
    if (rest.length <= MAX_LINE) return
    excess = true
    rest = ''
    onExcess()
  })
  stream.on('end', () => {
    if (rest !== '') onLine(rest)
  })
}
