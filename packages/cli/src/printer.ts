type Cell = string | number | boolean | null
/** The columns of a table in order: title, and the cell of an item. */
export type Columns<Item> = Record<string, (item: Item) => Cell>

export interface Printer {
  list<Item>(page: { items: Item[]; nextCursor: string | null }, columns: Columns<Item>): void
  record<Item>(item: Item, columns: Columns<Item>): void
  /** With `--json`, prints `value` instead of the sentence. */
  done(sentence: string, value: unknown): void
  /** Prints one line for one event of a stream; with `--json`, `value` as one line of JSON. */
  event(sentence: string, value: unknown): void
}

/** Prints tables and sentences for people, or JSON for programs, on standard output. */
export function createPrinter(json: boolean): Printer {
  if (json) {
    const print = (value: unknown) => line(JSON.stringify(value, null, 2))
    return {
      list: print,
      record: print,
      done: (_sentence, value) => print(value),
      event: (_sentence, value) => line(JSON.stringify(value)),
    }
  }
  return {
    list({ items, nextCursor }, columns) {
      const rows = items.map((item) => Object.values(columns).map((cell) => textOf(cell(item))))
      line(items.length === 0 ? 'Nothing found' : table(Object.keys(columns), rows))
      if (nextCursor !== null) process.stderr.write('There are more rows; use a larger --limit\n')
    },
    record(item, columns) {
      line(
        table(
          ['', ''],
          Object.entries(columns).map(([name, cell]) => [name, textOf(cell(item))]),
        ).trimStart(),
      )
    },
    done: line,
    event: (sentence) => line(printable(sentence)),
  }
}

function line(text: string): void {
  process.stdout.write(`${text}\n`)
}

function textOf(cell: Cell): string {
  return cell === null ? '-' : String(cell)
}

/** Formats an ISO 8601 time as `2026-11-24 22:10:05Z`. */
export function timeOf(timestamp: string | null): string | null {
  return timestamp === null ? null : `${timestamp.slice(0, 19).replace('T', ' ')}Z`
}

/** A table with columns as wide as their widest cell, without trailing spaces. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows].map((line) => line.map(printable))
  const widths = head.map((_, column) => Math.max(...lines.map((line) => line[column]?.length ?? 0)))
  return lines
    .map((line) =>
      line
        .map((cell, column) => cell.padEnd(widths[column] ?? 0))
        .join('  ')
        .trimEnd(),
    )
    .join('\n')
}

/** Replaces control and format characters by `?`: names that users choose must not control the operator's terminal. */
function printable(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}]/gu, '?')
}
