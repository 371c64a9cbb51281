import { printable, table } from './table.ts'

type Cell = string | number | boolean | null
/** How each column of a table is filled, in order. */
export type Columns<Item> = Record<string, (item: Item) => Cell>

export interface Printer {
  list<Item>(page: { items: Item[]; nextCursor: string | null }, columns: Columns<Item>): void
  record<Item>(item: Item, columns: Columns<Item>): void
  /** `value` is what a program is told instead of the sentence. */
  done(sentence: string, value: unknown): void
  /** One of many that come one by one: a line of text, or of JSON. */
  event(sentence: string, value: unknown): void
}

/** Tables and sentences for people, or JSON for programs, on standard output. */
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
      if (nextCursor !== null) process.stderr.write('There is more; ask for it with a larger --limit\n')
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

/** `2026-11-24 22:10:05Z`: a time as people compare it, in UTC. */
export function timeOf(timestamp: string | null): string | null {
  return timestamp === null ? null : `${timestamp.slice(0, 19).replace('T', ' ')}Z`
}
