import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { UploadRow } from '../db/upload-tables.ts'
import { piecesOf, settle } from '../operations/settle.ts'
import { lockRow, noteVisit, silentUploads } from '../repositories/uploads.ts'
import { registerUpload } from '../rpc/complete-upload.ts'
import { alone } from './isolated.ts'

/** A gateway that is there says so every few seconds. */
const SILENT_SECONDS = 60

/**
 * Ends what gateways have left when they died: counts what their last request brought, and makes a source of an upload of
 * which all has arrived, whose client may believe that it is done and never come back.
 */
export async function finishUploads(ctx: Context): Promise<void> {
  for (const row of await silentUploads(ctx.db, SILENT_SECONDS)) {
    await alone(ctx, { videoId: row.video_id }, () => finish(ctx, row))
  }
}

async function finish(ctx: Context, { id, owner_id: ownerId }: UploadRow): Promise<void> {
  const row = await ctx.db.transaction().execute(async (tx) => {
    const found = await lockRow(tx, id)
    if (!found) return undefined
    await noteVisit(tx, id)
    return await settle(tx, ctx.store, found)
  })
  if (!row || row.completed_at !== null || row.received !== row.bytes) return
  const storageKey = keys.source(row.video_id, id)
  const written = await ctx.store.joinPieces(await piecesOf(ctx.db, row), storageKey)
  const source = { uploadId: id, storageKey, filename: row.filename, ...written }
  await registerUpload(ctx, ownerId, { videoId: row.video_id, ...source })
  ctx.logger.info({ videoId: row.video_id }, 'an upload that its gateway had left was finished')
}
