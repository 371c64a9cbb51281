import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CallOptions } from '@kinora/common/bus'
import type { Method } from '@kinora/common/contract'
import { auth, media, type User } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { HandRoute } from '../routes/route.ts'
import type { Rpc } from '../rpc.ts'

/** What is kept about a person besides the account itself: each is a list in the export. */
const SECTIONS = {
  sessions: auth.listSessions,
  apiKeys: auth.listApiKeys,
  passkeys: auth.listPasskeys,
  auditLog: auth.listAudit,
  videos: media.listVideos,
  playbackTokens: media.listPlaybackTokens,
  webhooks: media.listWebhooks,
} as const

/**
 * Everything about the signed-in person as one JSON document. It begins only when every service has answered once: one
 * that is away is a 503. One that goes away later breaks the connection off, and a client sees an incomplete answer, never
 * a whole one that lacks something.
 */
export function sendExport({ rpc }: Context): ReturnType<HandRoute['handle']> {
  return async (_req, res, { call }) => {
    // First, because it leaves an entry in the audit log, which is part of what is exported.
    const account = await rpc(auth.exportAccount, {}, call)
    const opening = Object.entries(SECTIONS).map(([name, list]) => openSection(rpc, name, list, call))
    const sections = await Promise.all(opening)
    res.setHeader('Content-Type', 'application/json; charset=utf-8')
    res.setHeader('Content-Disposition', 'attachment; filename="kinora-export.json"')
    await pipeline(Readable.from(exportText(account, sections)), res)
  }
}

async function* exportText(account: User, sections: readonly PagedSection[]): AsyncGenerator<string> {
  yield `{"exportedAt":${JSON.stringify(new Date())},"account":${JSON.stringify(account)}`
  for (const { name, items } of sections) {
    yield `,${JSON.stringify(name)}:[`
    let separator = ''
    for await (const item of items()) {
      yield separator + JSON.stringify(withoutLinks(item))
      separator = ','
    }
    yield ']'
  }
  yield '}'
}

/** A private video's links carry a key to it; an export is kept where keys do not belong. */
function withoutLinks(item: unknown): unknown {
  const { playback: _links, ...rest } = item as Record<string, unknown>
  return rest
}

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
async function openSection(rpc: Rpc, name: string, list: Method, call: CallOptions): Promise<PagedSection> {
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
