import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Problem } from './api-types.ts'
import type { Answer, Client } from './client.ts'

export type Load = {
  /** Answers with this status so far. */
  count(status: number): number
  /** Waits for the requests under way; a sentence for each answer that a client would not understand. */
  stop(): Promise<string[]>
}

const CONCURRENCY = 8

/** Keeps asking for these addresses, several at a time, whatever comes back. A hang counts as an odd answer. */
export function startLoad(client: Client, paths: string[]): Load {
  const counts = new Map<number, number>()
  const oddities: string[] = []
  let stopping = false

  async function ask(path: string): Promise<void> {
    try {
      const answer = await client.send('GET', path)
      counts.set(answer.status, (counts.get(answer.status) ?? 0) + 1)
      const oddity = oddityOf(answer as Answer<Problem>)
      if (oddity) oddities.push(`GET ${path} ${oddity}`)
    } catch (error) {
      oddities.push(`GET ${path} got no answer: ${(error as Error).message}`)
    }
  }

  async function keepAsking(first: number): Promise<void> {
    for (let turn = first; !stopping; turn++) {
      await ask(paths[turn % paths.length] ?? '/')
      await nextTurn()
    }
  }

  const callers = Promise.all(Array.from({ length: CONCURRENCY }, (_, index) => keepAsking(index)))
  return {
    count: (status) => counts.get(status) ?? 0,
    async stop() {
      stopping = true
      await callers
      return oddities
    },
  }
}

/** While something is down a client may be told 200, or 503 with a code and when to come back; nothing else. */
function oddityOf({ status, headers, body }: Answer<Problem>): string | null {
  if (status === 200) return null
  if (status !== 503) return `answered ${status} ${body.code ?? JSON.stringify(body)}`
  if (!headers.get('retry-after')) return 'answered 503 without Retry-After'
  return body.code ? null : 'answered 503 without a code'
}
