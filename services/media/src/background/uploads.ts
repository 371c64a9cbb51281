import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, type StorageKey } from '@kinora/common/storage'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { UploadRow } from '../db/schema.ts'
import { registerUpload } from '../operations/register-source.ts'
import { transact } from '../operations/transact.ts'
import { piecesOf, settle } from '../operations/uploads.ts'
import { park } from '../repositories/parked.ts'
import { lockRow, noteVisit, silentUploads } from '../repositories/uploads.ts'
import { isolated } from './isolated.ts'

/** A gateway that is there says so every few seconds. */
const SILENT_SECONDS = 60

/**
 * Ends what gateways have left when they died: counts what their last request brought, and makes a source of an upload of
 * which all has arrived, whose client may believe that it is done and never come back.
 */
export async function finishUploads(ctx: Context): Promise<void> {
  for (const row of await silentUploads(ctx.db, SILENT_SECONDS)) {
    await isolated(ctx, { videoId: row.video_id }, () => finish(ctx, row))
  }
}

async function finish(ctx: Context, { id, owner_id: ownerId }: UploadRow): Promise<void> {
  const row = await transact(ctx, async (tx) => {
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

/** What a gateway leaves in storage when media could not be reached: the input of `completeUpload` and who sent it. */
const Receipt = media.completeUpload.input.extend({ userId: z.uuid() })
type Receipt = z.infer<typeof Receipt>

/** Where such a note comes from, if it ends in the parking lot. */
export const RECEIPTS = 'receipts'

/** These end the matter: the file has been put on the list of what is removed. */
const FINAL: ReadonlySet<string> = new Set(['VIDEO_NOT_FOUND', 'SOURCE_ALREADY_UPLOADED', 'VALIDATION_FAILED'])

/**
 * Registers uploads that were finished while nobody could be told, so that none is lost. A database that may be older than
 * the store does not decide which videos there are not.
 */
export async function registerReceipts(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove())) return
  for await (const key of ctx.store.list(keys.receipts)) {
    await register(ctx, key).catch((error: unknown) => {
      ctx.logger.warn({ err: error, key }, 'a left-behind upload could not be registered; trying again')
    })
  }
}

async function register(ctx: Context, key: StorageKey): Promise<void> {
  const body = await read(ctx, key)
  // Another process has just dealt with it.
  if (body === null) return
  const receipt = parseReceipt(body)
  if (!receipt) await park(ctx.db, { ...UNREADABLE, id: key.replace(/^.*\//, ''), body })
  else await registerOnce(ctx, receipt)
  await ctx.store.remove(key)
}

async function registerOnce(ctx: Context, { userId, ...upload }: Receipt): Promise<void> {
  try {
    await registerUpload(ctx, userId, upload)
    ctx.logger.info({ videoId: upload.videoId }, 'a left-behind upload was registered')
  } catch (error) {
    if (!(error instanceof AppError && FINAL.has(error.code))) throw error
    ctx.logger.info({ videoId: upload.videoId, code: error.code }, 'a left-behind upload is not wanted any more')
  }
}

async function read(ctx: Context, key: StorageKey): Promise<string | null> {
  try {
    return (await ctx.store.get(key)).toString()
  } catch (error) {
    if (error instanceof AppError && error.code === 'FILE_NOT_FOUND') return null
    throw error
  }
}

/** Null for what is none. */
export function parseReceipt(body: string): Receipt | null {
  try {
    return Receipt.parse(JSON.parse(body))
  } catch {
    return null
  }
}

const UNREADABLE = {
  group: RECEIPTS,
  type: null,
  attempts: 1,
  error: { code: 'VALIDATION_FAILED', message: 'not a receipt' },
}
