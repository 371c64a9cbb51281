const QUIET = new Set(['trace', 'debug', 'info'])

/** A service's log line for a person at a terminal; `undefined` when it need not disturb him. */
export function readableServiceLine(name: string, line: string): string | undefined {
  try {
    const { level, msg, err } = JSON.parse(line) as { level: string; msg?: string; err?: { message?: string } }
    if (QUIET.has(level)) return undefined
    return `${name} | ${msg ?? ''}${err?.message ? `: ${err.message}` : ''}`
  } catch {
    // Not a log line: something that a crash printed.
    return `${name} | ${line}`
  }
}
