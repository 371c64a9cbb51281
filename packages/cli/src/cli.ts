import type { Operator } from './operator.ts'
import type { Printer } from './output/printer.ts'

/** What a command works with. */
export interface Cli {
  call: Operator['call']
  listen: Operator['listen']
  print: Printer
}

/** Makes of a command's work what commander runs: connect, work, disconnect. */
export type Act = <Args extends unknown[]>(
  work: (cli: Cli, ...args: Args) => Promise<void>,
) => (...args: Args) => Promise<void>
