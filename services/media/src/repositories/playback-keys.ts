import type { PlaybackKeyAlgorithm } from '@kinora/common/contracts'
import { lockName, type NewestFirst, newestFirst } from '@kinora/common/db'
import { sql } from 'kysely'
import type { Db, PlaybackKeyRow, Tx } from '../db/schema.ts'
import type { RevocationRow } from './delivery-revocations.ts'

const MAX_KEYS = 20
/** With the retired ones, whose rows are kept: a project cannot fill the lists of gateways. */
const MAX_ROWS = 200
/** A gateway forgets a key that it knows earlier; then it asks, and is told that the key is retired. */
const KEPT = sql`interval '7 days'`

export interface NewPlaybackKeyRow {
  id: string
  projectId: string
  ownerId: string
  name: string | null
  algorithm: PlaybackKeyAlgorithm
  publicKey: string
}

/** Undefined when the project has too many keys. */
export async function insertPlaybackKey(
  tx: Tx,
  { id, projectId, ownerId, name, algorithm, publicKey }: NewPlaybackKeyRow,
): Promise<PlaybackKeyRow | undefined> {
  // Until the commit no other transaction can add a key to this project.
  await lockName(tx, `playback keys ${projectId}`)
  const { keys, rows } = await countKeys(tx, projectId)
  if (keys >= MAX_KEYS || rows >= MAX_ROWS) return undefined
  return await tx
    .insertInto('playback_keys')
    .values({ id, project_id: projectId, owner_id: ownerId, name, algorithm, public_key: publicKey })
    .returningAll()
    .executeTakeFirstOrThrow()
}

async function countKeys(tx: Tx, projectId: string): Promise<{ keys: number; rows: number }> {
  return await tx
    .selectFrom('playback_keys')
    .select([
      sql<number>`count(*) filter (where retired_at is null)::integer`.as('keys'),
      sql<number>`count(*)::integer`.as('rows'),
    ])
    .where('project_id', '=', projectId)
    .executeTakeFirstOrThrow()
}

/** Undefined for a key that is retired. */
export async function findPlaybackKey(db: Db, id: string): Promise<PlaybackKeyRow | undefined> {
  return await db
    .selectFrom('playback_keys')
    .selectAll()
    .where('id', '=', id)
    .where('retired_at', 'is', null)
    .executeTakeFirst()
}

/** The keys of a project that are not retired, newest first, after the one that `after` names. */
export async function playbackKeysOfProject(db: Db, projectId: string, page: NewestFirst): Promise<PlaybackKeyRow[]> {
  const query = db.selectFrom('playback_keys').selectAll().where('project_id', '=', projectId)
  return await newestFirst(query.where('retired_at', 'is', null), page).execute()
}

export interface RetiredKey {
  id: string
  /** Until then gateways keep in mind that it is retired. */
  expiresAt: Date
}

/** Of several calls one gets the key; undefined in the others. */
export async function retirePlaybackKey(tx: Tx, id: string): Promise<RetiredKey | undefined> {
  const { rows } = await sql<RetiredKey>`update playback_keys set retired_at = now()
    where id = ${id} and retired_at is null
    returning id, retired_at + ${KEPT} as "expiresAt"`.execute(tx)
  return rows[0]
}

/** Retires what an account has registered until then, in every project. */
export async function retirePlaybackKeysBy(tx: Tx, ownerId: string, until: Date): Promise<RetiredKey[]> {
  const { rows } = await sql<RetiredKey>`update playback_keys set retired_at = now()
    where owner_id = ${ownerId} and created_at <= ${until} and retired_at is null
    returning id, retired_at + ${KEPT} as "expiresAt"`.execute(tx)
  return rows
}

/** Retired keys, by id, after the one that `after` names. */
export async function retiredPlaybackKeys(db: Db, after: string | null, limit: number): Promise<RevocationRow[]> {
  const query = db
    .selectFrom('playback_keys')
    .select(['id', sql<null>`null::integer`.as('epoch'), sql<Date>`retired_at + ${KEPT}`.as('expires_at')])
    .where('retired_at', '>', sql<Date>`now() - ${KEPT}`)
    .orderBy('id')
    .limit(limit)
  return await (after === null ? query : query.where('id', '>', after)).execute()
}

/** Their videos are removed, too, so that nothing is left that the keys could play. */
export async function removePlaybackKeysOfProject(db: Db, projectId: string): Promise<void> {
  await db.deleteFrom('playback_keys').where('project_id', '=', projectId).execute()
}

export async function deleteOldPlaybackKeys(db: Db): Promise<void> {
  await db.deleteFrom('playback_keys').where('retired_at', '<', sql<Date>`now() - ${KEPT}`).execute()
}
