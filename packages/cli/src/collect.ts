import type { Input, Method, Output } from '@kinora/common/contract'
import type { Cli } from './cli.ts'

type Page = { items: unknown[]; nextCursor: string | null }

/** The largest page that the services give. */
const PAGE = 100

/** The first `limit` items of a list, however many pages that takes. */
export async function collect<M extends Method>(
  call: Cli['call'],
  method: M,
  filter: Omit<Input<M>, 'limit' | 'cursor'>,
  limit: number,
): Promise<Output<M>> {
  const items: unknown[] = []
  let nextCursor: string | null = null
  do {
    const place = { limit: Math.min(PAGE, limit - items.length), ...(nextCursor !== null && { cursor: nextCursor }) }
    const page = (await call(method, { ...filter, ...place } as Input<M>)) as Page
    items.push(...page.items)
    nextCursor = page.nextCursor
  } while (nextCursor !== null && items.length < limit)
  return { items, nextCursor } as Output<M>
}
