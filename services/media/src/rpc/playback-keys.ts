import { randomUUID } from 'node:crypto'
import { type Handler, serviceOnly } from '@kinora/common/contract'
import type { media, PlaybackKey } from '@kinora/common/contracts'
import { pageOf } from '@kinora/common/cursor'
import { AppError } from '@kinora/common/errors'
import { assertMay } from '@kinora/common/project-access'
import type { Context } from '../context.ts'
import type { PlaybackKeyRow, Tx } from '../db/schema.ts'
import { creationCursor, decodeCreationCursor } from '../domain/pages.ts'
import { newKeyPair, readPublicKey } from '../domain/playback-keys.ts'
import { userOf } from '../domain/visibility.ts'
import { retireKey } from '../operations/retire-playback-keys.ts'
import { transact } from '../operations/transact.ts'
import { isErased } from '../repositories/erased-projects.ts'
import { addAuditRecord } from '../repositories/parked.ts'
import { findPlaybackKey, insertPlaybackKey, playbackKeysOfProject } from '../repositories/playback-keys.ts'
import { inProject } from './guards.ts'

export function createPlaybackKey(ctx: Context): Handler<typeof media.createPlaybackKey> {
  return inProject<typeof media.createPlaybackKey>('manage', async ({ name, publicKey }, projectId, call) => {
    const { privateKey, ...key } =
      publicKey === undefined ? newKeyPair() : { ...readPublicKey(publicKey), privateKey: undefined }
    const id = randomUUID()
    const ownerId = userOf(call.actor)
    const add = async (tx: Tx) => {
      if (await isErased(tx, projectId)) throw new AppError('ACCOUNT_ERASED')
      const row = await insertPlaybackKey(tx, { id, projectId, ownerId, name: name ?? null, ...key })
      if (!row) throw new AppError('PLAYBACK_KEY_LIMIT_REACHED')
      await addAuditRecord(tx, call, 'playback_key_create', id)
      return row
    }
    const row = await transact(ctx, add, { call })
    return { ...toPlaybackKey(row), ...(privateKey !== undefined && { privateKey }) }
  })
}

export function listPlaybackKeys({ db }: Context): Handler<typeof media.listPlaybackKeys> {
  return inProject<typeof media.listPlaybackKeys>('manage', async ({ limit, cursor }, projectId) => {
    const rows = await playbackKeysOfProject(db, projectId, { limit: limit + 1, after: decodeCreationCursor(cursor) })
    return pageOf(rows, limit, toPlaybackKey, creationCursor)
  })
}

export function retirePlaybackKey(ctx: Context): Handler<typeof media.retirePlaybackKey> {
  return async ({ playbackKeyId }, call) => {
    const key = await findPlaybackKey(ctx.db, playbackKeyId)
    if (!key) throw new AppError('PLAYBACK_KEY_NOT_FOUND')
    assertMay(call.actor, key.project_id, 'manage', 'PLAYBACK_KEY_NOT_FOUND')
    const retire = async (tx: Tx) => {
      if (!(await retireKey(tx, key.id))) throw new AppError('PLAYBACK_KEY_NOT_FOUND')
      await addAuditRecord(tx, call, 'playback_key_retire', key.id)
    }
    await transact(ctx, retire, { call })
    return {}
  }
}

/** Gateways keep it, and check tokens themselves. */
export function getPlaybackKey({ db }: Context): Handler<typeof media.getPlaybackKey> {
  return async ({ playbackKeyId }, { actor }) => {
    serviceOnly(actor, 'gateway')
    const row = await findPlaybackKey(db, playbackKeyId)
    if (!row) throw new AppError('PLAYBACK_KEY_NOT_FOUND')
    return toPlaybackKey(row)
  }
}

function toPlaybackKey(row: PlaybackKeyRow): PlaybackKey {
  return {
    id: row.id,
    projectId: row.project_id,
    ownerId: row.owner_id,
    name: row.name,
    algorithm: row.algorithm,
    publicKey: row.public_key,
    createdAt: row.created_at.toISOString(),
  }
}
