import { CompiledQuery } from 'kysely'
import type { Db, VideoRow } from '../db/schema.ts'

export type ReadVideo = (videoId: string) => Promise<VideoRow | undefined>

interface Batch {
  ids: Set<string>
  rows: Promise<Map<string, VideoRow>>
}

/**
 * Reads videos by id, with one statement for all calls in one turn of the event loop: under load the broker delivers several
 * requests at once, and a statement costs more than the rows that it returns. It is sent after the last of these calls, so
 * no caller gets a row from before its own request.
 */
export function videoReader(db: Db): ReadVideo {
  let open: Batch | undefined

  return async (videoId) => {
    open ??= begin()
    open.ids.add(videoId)
    return (await open.rows).get(videoId)
  }

  function begin(): Batch {
    const ids = new Set<string>()
    return { ids, rows: new Promise<void>((resolve) => setImmediate(resolve)).then(() => close(ids)) }
  }

  async function close(ids: Set<string>): Promise<Map<string, VideoRow>> {
    open = undefined
    // Raw, because compiling the most frequent query on each call would cost too much.
    const query = CompiledQuery.raw('select * from videos where id = any($1)', [[...ids]])
    const { rows } = await db.executeQuery(query as CompiledQuery<VideoRow>)
    return new Map(rows.map((row) => [row.id, row]))
  }
}
