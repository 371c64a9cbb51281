import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import type { CallOptions } from '@kinora/common/bus'
import type { Method } from '@kinora/common/contract'
import { auth, media, type User } from '@kinora/common/contracts'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { HandRoute } from '../routes/route.ts'
import type { Rpc } from '../rpc.ts'

/** Personal data besides the account itself. Each section of the export is the list of one method. */
const SECTIONS = {
  sessions: auth.listSessions,
  projects: auth.listProjects,
  apiKeys: auth.listApiKeys,
  passkeys: auth.listPasskeys,
  auditLog: auth.listAudit,
  videos: media.listVideos,
  playbackTokens: media.listPlaybackTokens,
  playbackKeys: media.listPlaybackKeys,
  webhooks: media.listWebhooks,
  uploadLinks: media.listUploadLinks,
} as const

/**
 * Handles the export of all data about the signed-in person as one JSON document. The response begins only after all
 * services have returned a first page, so an unavailable service is a 503. If one fails later, the connection is closed:
 * the client gets an incomplete response, never a complete one that lacks data.
 */
export function sendExport({ rpc }: Context): ReturnType<HandRoute['handle']> {
  return async (_req, res, { call }) => {
    // First, because it adds an entry to the audit log, which is exported, too.
    const account = await rpc(auth.exportAccount, {}, call)
    const openings = Object.entries(SECTIONS).map(([name, list]) => openSection(rpc, name, list, call))
    const sections = await Promise.all(openings)
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

/** Removes playback links: those of a private video contain a token, and an export is not stored as a secret. */
function withoutLinks(item: unknown): unknown {
  const { playback: _links, ...rest } = item as Record<string, unknown>
  return rest
}

interface Page {
  items: unknown[]
  nextCursor: string | null
}

/** A list of which the first page was read; `items` reads the others as it is iterated. */
export interface PagedSection {
  name: string
  items(): AsyncGenerator<unknown>
}

/** Largest page of a list. Short lists have no pages. */
const LIMIT = 100

/** Reads the first page of a list. Throws the error of the call. */
async function openSection(rpc: Rpc, name: string, list: Method, call: CallOptions): Promise<PagedSection> {
  const hasPages = list.input instanceof z.ZodObject && 'limit' in list.input.shape
  const readPage = async (cursor?: string) =>
    (await rpc(list, { ...(hasPages && { limit: LIMIT }), ...(cursor && { cursor }) }, call)) as Page
  const first = await readPage()
  return {
    name,
    async *items() {
      let page = first
      for (;;) {
        yield* page.items
        if (page.nextCursor === null) return
        page = await readPage(page.nextCursor)
      }
    },
  }
}
