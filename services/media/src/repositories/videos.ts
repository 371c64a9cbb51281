import type { Input } from '@kinora/common/contract'
import type { media, VideoKind, Visibility } from '@kinora/common/contracts'
import { CompiledQuery, sql } from 'kysely'
import type { Db, Tx, VideoRow } from '../db/schema.ts'
import type { FrameRange, StoredWatermark } from '../db/stored.ts'
import type { SortCursor } from '../domain/pages.ts'

export interface NewVideo {
  id: string
  ownerId: string
  projectId: string
  title: string
  description: string
  tags: string[]
  visibility: Visibility
  instantPlayback?: boolean | undefined
  uploadLinkId?: string
}

export async function insertVideo(db: Db, video: NewVideo): Promise<VideoRow> {
  const { ownerId, projectId, instantPlayback = false, uploadLinkId = null, ...rest } = video
  return await db
    .insertInto('videos')
    .values({
      ...rest,
      owner_id: ownerId,
      project_id: projectId,
      instant_playback: instantPlayback,
      upload_link_id: uploadLinkId,
      renditions: '[]',
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

export async function findVideo(db: Db, videoId: string): Promise<VideoRow | undefined> {
  return await db.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirst()
}

/** A video that must exist, because its row is locked. */
export async function getVideo(tx: Tx, videoId: string): Promise<VideoRow> {
  return await tx.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirstOrThrow()
}

export type TextChange = Partial<Pick<NewVideo, 'title' | 'description' | 'tags' | 'visibility' | 'instantPlayback'>>

export async function updateText(tx: Tx, videoId: string, { instantPlayback, ...change }: TextChange): Promise<void> {
  await tx
    .updateTable('videos')
    .set({
      ...change,
      ...(instantPlayback !== undefined && { instant_playback: instantPlayback }),
      sequence: sql<number>`sequence + 1`,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', videoId)
    .execute()
}

/** Deletes a video with its tasks, their history and its playback tokens. */
export async function deleteRow(tx: Tx, videoId: string): Promise<VideoRow | undefined> {
  return await tx.deleteFrom('videos').where('id', '=', videoId).returningAll().executeTakeFirst()
}

export type VideoSort = NonNullable<Input<typeof media.listVideos>['sort']>

export interface VideoFilter {
  q?: string | undefined
  status?: VideoRow['status'] | undefined
  visibility?: Visibility | undefined
  kind?: VideoKind | undefined
  tag?: string | undefined
}

/**
 * A project's videos after a cursor. A page continues after a row, not after a number of rows, so that videos which are
 * created or deleted meanwhile neither repeat nor hide others.
 */
export async function listVideos(
  db: Db,
  projectId: string,
  filter: VideoFilter,
  page: { sort: VideoSort; limit: number; after: SortCursor | null },
): Promise<VideoRow[]> {
  const descending = page.sort.startsWith('-')
  const column = page.sort.endsWith('title') ? 'title' : 'created_at'
  const direction = descending ? 'desc' : 'asc'
  let query = db.selectFrom('videos').selectAll().where('project_id', '=', projectId)
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.visibility) query = query.where('visibility', '=', filter.visibility)
  if (filter.kind) query = query.where(sql<boolean>`coalesce(facts->>'kind', 'video') = ${filter.kind}`)
  if (filter.tag) query = query.where(sql<boolean>`${filter.tag} = any(tags)`)
  if (filter.q) {
    const pattern = `%${escapeLike(filter.q)}%`
    query = query.where((eb) => eb.or([eb('title', 'ilike', pattern), eb('description', 'ilike', pattern)]))
  }
  if (page.after) {
    const { value, id } = page.after
    const type = sql.raw(column === 'title' ? 'text' : 'timestamptz')
    const comparison = sql.raw(descending ? '<' : '>')
    query = query.where(sql<boolean>`(${sql.ref(column)}, id) ${comparison} (${value}::${type}, ${id}::uuid)`)
  }
  return await query.orderBy(column, direction).orderBy('id', direction).limit(page.limit).execute()
}

/** Videos of all projects, newest first. */
export async function listAllVideos(
  db: Db,
  filter: Pick<VideoFilter, 'q' | 'status'> & { projectId?: string | undefined; ownerId?: string | undefined },
  { limit, after }: { limit: number; after: SortCursor | null },
): Promise<VideoRow[]> {
  let query = db.selectFrom('videos').selectAll()
  if (filter.projectId) query = query.where('project_id', '=', filter.projectId)
  if (filter.ownerId) query = query.where('owner_id', '=', filter.ownerId)
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.q) query = query.where('title', 'ilike', `%${escapeLike(filter.q)}%`)
  if (after) query = query.where(sql<boolean>`(created_at, id) < (${after.value}::timestamptz, ${after.id}::uuid)`)
  return await query.orderBy('created_at', 'desc').orderBy('id', 'desc').limit(limit).execute()
}

export function sortCursorOf(row: VideoRow, sort: VideoSort): SortCursor {
  return { value: sort.endsWith('title') ? row.title : row.created_at.toISOString(), id: row.id }
}

/** Escapes the three special characters of a pattern. */
function escapeLike(text: string): string {
  return text.replace(/[\\%_]/g, '\\$&')
}

/** A video that cannot be deleted before this transaction ends; other changes need not wait. */
export async function lockForReference(tx: Tx, videoId: string): Promise<VideoRow | undefined> {
  return await tx.selectFrom('videos').selectAll().where('id', '=', videoId).forKeyShare().executeTakeFirst()
}

export async function insertClip(
  tx: Tx,
  about: { id: string; ownerId: string; projectId: string; title: string },
  range: FrameRange,
  watermark: StoredWatermark | null,
): Promise<VideoRow> {
  await insertVideo(tx, { ...about, description: '', tags: [], visibility: 'private' })
  return await tx
    .updateTable('videos')
    .set({ clip: JSON.stringify(range), watermark: watermark && JSON.stringify(watermark) })
    .where('id', '=', about.id)
    .returningAll()
    .executeTakeFirstOrThrow()
}

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

/** Whether each name is the id of a video; names that are not UUIDs are left out. */
export async function knownVideos(db: Db, names: string[]): Promise<Map<string, boolean>> {
  const ids = names.filter((name) => UUID.test(name))
  const rows = await db.selectFrom('videos').select('id').where('id', '=', sql<string>`any(${ids}::uuid[])`).execute()
  const found = new Set(rows.map(({ id }) => id))
  return new Map(ids.map((id) => [id, found.has(id)]))
}

export async function hasSources(db: Db): Promise<boolean> {
  const found = await db
    .selectFrom('videos')
    .select('id')
    .where('source_key', 'is not', null)
    .limit(1)
    .executeTakeFirst()
  return found !== undefined
}

const COUNTED = 10_000

/** The number of videos, counted up to 10000. */
export async function countVideos(db: Db): Promise<number> {
  const { rows } = await sql<{ count: number }>`select count(*)::int as count
    from (select from videos limit ${COUNTED}) as first_ones`.execute(db)
  return rows[0]?.count ?? 0
}

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
