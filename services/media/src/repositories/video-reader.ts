import { CompiledQuery } from 'kysely'
import type { Db, VideoRow } from '../db/schema.ts'

export type ReadVideo = (videoId: string) => Promise<VideoRow | undefined>

interface Batch {
  ids: Set<string>
  rows: Promise<Map<string, VideoRow>>
}

/**
 * Reads videos by id, with one statement for all that are asked for in one turn of the event loop: under load the broker
 * hands over several requests at once, and asking PostgreSQL costs more than what it answers. The statement is sent after
 * the last of them came, so nobody gets a row from before their own request.
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
    // Written by hand: the most frequent query of all is not compiled anew for each call.
    const query = CompiledQuery.raw('select * from videos where id = any($1)', [[...ids]])
    const { rows } = await db.executeQuery(query as CompiledQuery<VideoRow>)
    return new Map(rows.map((row) => [row.id, row]))
  }
}
