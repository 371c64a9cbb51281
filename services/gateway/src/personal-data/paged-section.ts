import type { CallOptions } from '@kinora/common/bus'
import type { Method } from '@kinora/common/contract'
import { z } from 'zod'
import type { Rpc } from '../rpc.ts'

interface Page {
  items: unknown[]
  nextCursor: string | null
}

/** Read page by page: the first one at once, the others when they are wanted. */
export interface PagedSection {
  name: string
  items(): AsyncGenerator<unknown>
}

/** The most that lists give at once; a list that can only be short comes whole. */
const LIMIT = 100

/** Asks for the first page of a list; throws what the service answers instead. */
export async function openSection(rpc: Rpc, name: string, list: Method, call: CallOptions): Promise<PagedSection> {
  const hasPages = list.input instanceof z.ZodObject && 'limit' in list.input.shape
  const ask = async (cursor?: string) =>
    (await rpc(list, { ...(hasPages && { limit: LIMIT }), ...(cursor && { cursor }) }, call)) as Page
  const first = await ask()
  return {
    name,
    async *items() {
      let page = first
      for (;;) {
        yield* page.items
        if (page.nextCursor === null) return
        page = await ask(page.nextCursor)
      }
    },
  }
}
