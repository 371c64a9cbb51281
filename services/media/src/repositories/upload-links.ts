import { lockName, type NewestFirst, newestFirst } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, Tx, UploadLinkRow } from '../db/schema.ts'

type SetHere = 'used' | 'created_at' | 'expires_at' | 'revoked_at'
export type NewUploadLink = Omit<UploadLinkRow, SetHere | 'max_bytes'> & { max_bytes: number | null }

/** Undefined when the project has `limit` links that are valid. Of several transactions at once none sees fewer than there are. */
export async function insertLink(
  tx: Tx,
  link: NewUploadLink,
  expiresIn: number,
  limit: number,
): Promise<UploadLinkRow | undefined> {
  await lockName(tx, `upload links ${link.project_id}`)
  const { rows } = await sql<{ links: number }>`select count(*)::integer as links from upload_links
    where project_id = ${link.project_id} and expires_at > now() and revoked_at is null`.execute(tx)
  if ((rows[0]?.links ?? 0) >= limit) return undefined
  return await tx
    .insertInto('upload_links')
    .values({
      ...link,
      metadata: JSON.stringify(link.metadata),
      expires_at: sql<Date>`now() + make_interval(secs => ${expiresIn})`,
    })
    .returningAll()
    .executeTakeFirstOrThrow()
}

/** Takes one use of a valid link; undefined if it has none left, has ended or does not exist. It comes back with the row of the upload. */
export async function takeUse(tx: Tx, linkId: string): Promise<UploadLinkRow | undefined> {
  return await tx
    .updateTable('upload_links')
    .set({ used: sql<number>`used + 1` })
    .where('id', '=', linkId)
    .where(sql<boolean>`used < uses and revoked_at is null and expires_at > now()`)
    .returningAll()
    .executeTakeFirst()
}

export async function findLink(db: Db, linkId: string): Promise<UploadLinkRow | undefined> {
  return await db.selectFrom('upload_links').selectAll().where('id', '=', linkId).executeTakeFirst()
}

export async function findLinkByDigest(db: Db, digest: string): Promise<UploadLinkRow | undefined> {
  return await db.selectFrom('upload_links').selectAll().where('digest', '=', digest).executeTakeFirst()
}

/** The links of a project, newest first, after the one that `after` names. */
export async function linksOfProject(db: Db, projectId: string, page: NewestFirst): Promise<UploadLinkRow[]> {
  const query = db.selectFrom('upload_links').selectAll().where('project_id', '=', projectId)
  return await newestFirst(query, page).execute()
}

/** Ids of the videos that came by each of these links, newest first. */
export async function videosOfLinks(db: Db, linkIds: string[]): Promise<Map<string, string[]>> {
  const { rows } = await sql<{ link: string; ids: string[] }>`
    select upload_link_id as link, array_agg(id order by created_at desc, id desc) as ids from videos
    where upload_link_id = any(${linkIds}::uuid[]) and upload_id is not null group by upload_link_id`.execute(db)
  return new Map(rows.map(({ link, ids }) => [link, ids]))
}

/** False if it was revoked before. */
export async function revokeLink(tx: Tx, linkId: string): Promise<boolean> {
  const { numUpdatedRows } = await tx
    .updateTable('upload_links')
    .set({ revoked_at: sql<Date>`now()` })
    .where('id', '=', linkId)
    .where('revoked_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows === 1n
}

/** Ids of the links in a project, or by an account, that are not revoked; the personal project of an account has its id. */
export async function linksEndingWith(db: Db, projectOrAccountId: string): Promise<string[]> {
  const query = db.selectFrom('upload_links').select('id').where('revoked_at', 'is', null)
  const rows = await query
    .where((eb) => eb.or([eb('project_id', '=', projectOrAccountId), eb('owner_id', '=', projectOrAccountId)]))
    .execute()
  return rows.map(({ id }) => id)
}

/** Ids of the links that an account has created until then, in every project, and that are not revoked. */
export async function linksCreatedBy(db: Db, ownerId: string, until: Date): Promise<string[]> {
  const query = db.selectFrom('upload_links').select('id').where('owner_id', '=', ownerId)
  const rows = await query.where('created_at', '<=', until).where('revoked_at', 'is', null).execute()
  return rows.map(({ id }) => id)
}

export async function deleteLinksOfProject(db: Db, projectId: string): Promise<void> {
  await db.deleteFrom('upload_links').where('project_id', '=', projectId).execute()
}

export async function deleteOldLinks(db: Db): Promise<void> {
  await db.deleteFrom('upload_links').where('expires_at', '<', sql<Date>`now() - interval '30 days'`).execute()
}
