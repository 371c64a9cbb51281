import type { Input } from '@kinora/common/contract'
import type { Metadata, media, VideoKind, Visibility } from '@kinora/common/contracts'
import { type NewestFirst, newestFirst } from '@kinora/common/db'
import { AppError } from '@kinora/common/errors'
import { CompiledQuery, type RawBuilder, sql } from 'kysely'
import type { Db, Tx, VideoRow } from '../db/schema.ts'
import type { FrameRange, StoredWatermark } from '../db/stored.ts'
import type { SortCursor } from '../domain/pages.ts'
import { folderOf } from '../domain/video-facts.ts'

export interface NewVideo {
  id: string
  ownerId: string
  projectId: string
  title: string
  description: string
  tags: string[]
  externalId?: string | null | undefined
  metadata?: Metadata | undefined
  visibility: Visibility
  instantPlayback?: boolean | undefined
  allowedDomains?: string[] | null | undefined
  uploadLinkId?: string
  maxDurationSeconds?: number | null
  expiresAt?: string | null | undefined
  sourceExpiresAt?: string | null | undefined
  /** Days after which the source of a video that is ready is removed, unless `sourceExpiresAt` says otherwise. */
  sourceDays?: number | null | undefined
}

/** Throws `EXTERNAL_ID_TAKEN`. */
export async function insertVideo(db: Db, video: NewVideo): Promise<VideoRow> {
  const { ownerId, projectId, externalId = null, metadata = {}, instantPlayback = false, ...others } = video
  const { uploadLinkId = null, maxDurationSeconds = null, allowedDomains = null, ...dates } = others
  const { expiresAt, sourceExpiresAt, sourceDays, ...rest } = dates
  const inserted = await db
    .insertInto('videos')
    .values({
      ...rest,
      owner_id: ownerId,
      project_id: projectId,
      external_id: externalId,
      metadata: JSON.stringify(metadata),
      instant_playback: instantPlayback,
      allowed_domains: allowedDomains,
      upload_link_id: uploadLinkId,
      max_duration_seconds: maxDurationSeconds,
      delete_at: expiresAt ?? null,
      source_delete_at: sourceExpiresAt ?? null,
      source_days: sourceExpiresAt === undefined ? (sourceDays ?? null) : null,
      renditions: '[]',
    })
    .onConflict((conflict) =>
      conflict.columns(['project_id', 'external_id']).where('external_id', 'is not', null).doNothing(),
    )
    .returningAll()
    .executeTakeFirst()
  if (!inserted) throw new AppError('EXTERNAL_ID_TAKEN')
  return inserted
}

export async function findVideo(db: Db, videoId: string): Promise<VideoRow | undefined> {
  return await db.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirst()
}

/** A video that must exist, because its row is locked. */
export async function getVideo(tx: Tx, videoId: string): Promise<VideoRow> {
  return await tx.selectFrom('videos').selectAll().where('id', '=', videoId).executeTakeFirstOrThrow()
}

/** The folder of a video that must exist, see `folderOf`. */
export async function findFolder(db: Db, videoId: string): Promise<string> {
  const query = db.selectFrom('videos').select(['id', 'replaces', 'version']).where('id', '=', videoId)
  return folderOf(await query.executeTakeFirstOrThrow())
}

type OfCreation = 'id' | 'ownerId' | 'projectId' | 'uploadLinkId' | 'maxDurationSeconds' | 'sourceDays'
export type TextChange = Partial<Omit<NewVideo, OfCreation>>

/**
 * @param ifRevision change the video only where its revision is one of these
 * @returns false where it is another one. Throws `EXTERNAL_ID_TAKEN`.
 */
export async function updateText(
  tx: Tx,
  videoId: string,
  { instantPlayback, allowedDomains, externalId, metadata, expiresAt, sourceExpiresAt, ...change }: TextChange,
  ifRevision?: readonly number[],
): Promise<boolean> {
  const update = tx
    .updateTable('videos')
    .set({
      ...change,
      ...(externalId !== undefined && { external_id: externalId }),
      ...(metadata !== undefined && { metadata: JSON.stringify(metadata) }),
      ...(instantPlayback !== undefined && { instant_playback: instantPlayback }),
      ...(allowedDomains !== undefined && { allowed_domains: allowedDomains }),
      ...(expiresAt !== undefined && { delete_at: expiresAt }),
      ...(sourceExpiresAt !== undefined && { source_delete_at: sourceExpiresAt, source_days: null }),
      sequence: sql<number>`sequence + 1`,
      revision: sql<number>`revision + 1`,
      updated_at: sql<Date>`now()`,
    })
    .where('id', '=', videoId)
    .where(isRevision(ifRevision))
  const { numUpdatedRows } = await update.executeTakeFirstOrThrow().catch((error: unknown) => {
    throw isExternalIdTaken(error) ? new AppError('EXTERNAL_ID_TAKEN', { cause: error }) : error
  })
  return numUpdatedRows === 1n
}

function isRevision(wanted: readonly number[] | undefined): RawBuilder<boolean> {
  return wanted ? sql<boolean>`revision = any(${[...wanted]}::int[])` : sql<boolean>`true`
}

const UNIQUE_VIOLATION = '23505'
/** Two videos that exchange their external ids at the same time wait for each other. */
const DEADLOCK = '40P01'

function isExternalIdTaken(error: unknown): boolean {
  if (!(error instanceof Error && 'code' in error)) return false
  if (error.code === DEADLOCK) return true
  return error.code === UNIQUE_VIOLATION && 'constraint' in error && error.constraint === 'videos_external_id'
}

/** A video that is only deleted where its revision is one of these, or where it has expired. */
export type DeleteOnly = { ifRevision: readonly number[] | undefined } | { ifExpired: true }

/** Deletes a video with its tasks, their history and its playback tokens. */
export async function deleteRow(tx: Tx, videoId: string, only?: DeleteOnly): Promise<VideoRow | undefined> {
  const query = tx.deleteFrom('videos').where('id', '=', videoId)
  const condition = only && 'ifExpired' in only ? HAS_EXPIRED : isRevision(only?.ifRevision)
  return await query.where(condition).returningAll().executeTakeFirst()
}

/** By the clock of the database, which all processes share. */
const HAS_EXPIRED = sql<boolean>`delete_at <= now()`

export async function expiredVideos(db: Db, limit: number): Promise<{ id: string; project_id: string }[]> {
  return await db.selectFrom('videos').select(['id', 'project_id']).where(HAS_EXPIRED).limit(limit).execute()
}

export type VideoSort = NonNullable<Input<typeof media.listVideos>['sort']>

export interface VideoFilter {
  q?: string | undefined
  status?: VideoRow['status'] | undefined
  visibility?: Visibility | undefined
  kind?: VideoKind | undefined
  tag?: string | undefined
  externalId?: string | undefined
  metadata?: Metadata | undefined
  createdAfter?: string | undefined
  createdBefore?: string | undefined
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
  let query = db.selectFrom('videos').selectAll().where(isInProject(projectId, filter)).where('replaces', 'is', null)
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.visibility) query = query.where('visibility', '=', filter.visibility)
  if (filter.kind) query = query.where(sql<boolean>`coalesce(facts->>'kind', 'video') = ${filter.kind}`)
  if (filter.tag) query = query.where(sql<boolean>`${filter.tag} = any(tags)`)
  if (filter.externalId) query = query.where('external_id', '=', filter.externalId)
  if (filter.createdAfter) query = query.where('created_at', '>', sql<Date>`${filter.createdAfter}::timestamptz`)
  if (filter.createdBefore) query = query.where('created_at', '<', sql<Date>`${filter.createdBefore}::timestamptz`)
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

/** As in the index `videos_metadata`, where the project is one more pair. */
const METADATA_IN_PROJECT = sql`(metadata || ('{"":"' || project_id::text || '"}')::jsonb)`

/** With metadata the project is compared as text, so that only that index fits: others would read all videos of the project. */
function isInProject(projectId: string, { metadata = {} }: VideoFilter): RawBuilder<boolean> {
  if (Object.keys(metadata).length === 0) return sql<boolean>`project_id = ${projectId}`
  const wanted = JSON.stringify({ ...metadata, '': projectId })
  return sql<boolean>`project_id::text = ${projectId} and metadata <> '{}' and ${METADATA_IN_PROJECT} @> ${wanted}::jsonb`
}

/** Videos of all projects, newest first. */
export async function listAllVideos(
  db: Db,
  filter: Pick<VideoFilter, 'q' | 'status' | 'externalId'> & {
    projectId?: string | undefined
    ownerId?: string | undefined
    uploadLinkId?: string | undefined
  },
  page: NewestFirst,
): Promise<VideoRow[]> {
  let query = db.selectFrom('videos').selectAll().where('replaces', 'is', null)
  if (filter.projectId) query = query.where('project_id', '=', filter.projectId)
  if (filter.ownerId) query = query.where('owner_id', '=', filter.ownerId)
  if (filter.status) query = query.where('status', '=', filter.status)
  if (filter.externalId) query = query.where('external_id', '=', filter.externalId)
  if (filter.uploadLinkId) query = query.where('upload_link_id', '=', filter.uploadLinkId)
  if (filter.q) query = query.where('title', 'ilike', `%${escapeLike(filter.q)}%`)
  return await newestFirst(query, page).execute()
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
  about: Pick<NewVideo, 'id' | 'ownerId' | 'projectId' | 'title' | 'allowedDomains' | 'sourceDays'>,
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

/** Whether there were any; those that were removed count, because the store of their videos cannot be empty. */
export async function hasSources(db: Db): Promise<boolean> {
  const found = await db
    .selectFrom('videos')
    .select('id')
    .where('upload_id', 'is not', null)
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
    const query = CompiledQuery.raw('select * from videos where id = any($1) and replaces is null', [[...ids]])
    const { rows } = await db.executeQuery(query as CompiledQuery<VideoRow>)
    return new Map(rows.map((row) => [row.id, row]))
  }
}
