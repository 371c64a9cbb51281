import type { Input, Method, Output } from '@kinora/common/contract'
import { type AdminUser, auth, normaliseEmail } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { InvalidArgumentError, Option } from 'commander'
import type { Operator } from './operator.ts'
import type { Printer } from './printer.ts'

/** What a command gets to work with. */
export interface Cli {
  call: Operator['call']
  listen: Operator['listen']
  print: Printer
}

/** Turns the work of a command into an action for commander: connects, runs it, disconnects. */
export type Act = <Args extends unknown[]>(
  work: (cli: Cli, ...args: Args) => Promise<void>,
) => (...args: Args) => Promise<void>

type Page = { items: unknown[]; nextCursor: string | null }

/** The largest page size that the services allow. */
const PAGE = 100

/** The first `limit` items of a list, fetched in as many pages as needed. */
export async function collect<M extends Method>(
  call: Cli['call'],
  method: M,
  filter: Omit<Input<M>, 'limit' | 'cursor'>,
  limit: number,
): Promise<Output<M>> {
  const items: unknown[] = []
  let nextCursor: string | null = null
  do {
    const range = { limit: Math.min(PAGE, limit - items.length), ...(nextCursor !== null && { cursor: nextCursor }) }
    const page = (await call(method, { ...filter, ...range } as Input<M>)) as Page
    items.push(...page.items)
    nextCursor = page.nextCursor
  } while (nextCursor !== null && items.length < limit)
  return { items, nextCursor } as Output<M>
}

const SEARCH_LIMIT = 1000

/** The id of an account, given its id or e-mail address. Throws `USER_NOT_FOUND` when no account has the address. */
export async function findUserId(call: Cli['call'], name: string): Promise<string> {
  if (!name.includes('@')) return name
  const email = normaliseEmail(name)
  const { items } = await collect(call, auth.listUsers, { q: email }, SEARCH_LIMIT)
  const user = items.find((item: AdminUser) => item.email === email)
  if (!user) throw new AppError('USER_NOT_FOUND', { detail: `No account has the address ${email}` })
  return user.id
}

/** `--limit`, which every list takes. */
export function limitOption(): Option {
  return new Option('--limit <count>', 'the most rows to list').default(50).argParser((text) => {
    if (!/^[1-9]\d{0,5}$/.test(text)) throw new InvalidArgumentError('It must be a number from 1 to 999999.')
    return Number(text)
  })
}

/** Parses `2026-11-24` or `2026-11-24T22:10:00Z` to an ISO 8601 time in UTC. */
export function timeArgument(text: string): string {
  const time = new Date(text)
  if (!/^\d{4}-\d{2}-\d{2}/.test(text) || Number.isNaN(time.getTime())) {
    throw new InvalidArgumentError('It must look like 2026-11-24 or 2026-11-24T22:10:00Z.')
  }
  return time.toISOString()
}
