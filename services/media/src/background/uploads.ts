import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, measure, type StorageKey } from '@kinora/common/storage'
import { z } from 'zod'
import type { Context } from '../context.ts'
import type { UploadRow } from '../db/schema.ts'
import { registerUpload } from '../operations/register-source.ts'
import { transact } from '../operations/transact.ts'
import { abortUpload, planSweep, sealPart } from '../operations/uploads.ts'
import { park } from '../repositories/parked.ts'
import {
  abandonedUploads,
  expiredRecords,
  hasArrived,
  lockRow,
  recordVisit,
  silentUploads,
  uploadParts,
} from '../repositories/uploads.ts'
import { isolated } from './isolated.ts'

/** A gateway that receives an upload reports it every few seconds. */
const SILENT_SECONDS = 60

/**
 * Finishes uploads that a gateway left when it died: seals the part that its last request was writing, and registers the
 * source of an upload whose bytes have all arrived, because its client may believe that it is done.
 */
export async function finishUploads(ctx: Context): Promise<void> {
  for (const row of await silentUploads(ctx.db, SILENT_SECONDS)) {
    await isolated(ctx, { videoId: row.video_id }, () => finish(ctx, row))
  }
}

async function finish(ctx: Context, { id, project_id: projectId }: UploadRow): Promise<void> {
  const row = await transact(ctx, async (tx) => {
    const found = await lockRow(tx, id)
    if (!found) return undefined
    await recordVisit(tx, id)
    return await sealPart(tx, ctx.store, found)
  })
  if (!row || row.completed_at !== null || !hasArrived(row)) return
  const storageKey = keys.source(row.video_id, id)
  const written = await ctx.store.joinPieces(await uploadParts(ctx.db, row), storageKey)
  const source = { uploadId: id, storageKey, filename: row.filename, ...written }
  await registerUpload(ctx, { projectId }, { videoId: row.video_id, ...source })
  ctx.logger.info({ videoId: row.video_id }, 'an upload that its gateway left was finished')
}

/** What a gateway writes to the store when it cannot reach media: the input of `completeUpload`, the user and the project. */
const Receipt = media.completeUpload.input.extend({ userId: z.uuid(), projectId: z.uuid().optional() })
type Receipt = z.infer<typeof Receipt>

/** The origin of a receipt that becomes a dead letter. */
export const RECEIPTS = 'receipts'

/** Errors after which a receipt is not retried: the file has been queued for removal. */
const FINAL: ReadonlySet<string> = new Set(['VIDEO_NOT_FOUND', 'SOURCE_ALREADY_UPLOADED', 'VALIDATION_FAILED'])

/**
 * Registers uploads that were finished while media could not be reached, so that no upload is lost. Skipped with a database
 * that may be older than the store, because it may lack their videos.
 */
export async function registerReceipts(ctx: Context): Promise<void> {
  if (!(await ctx.ownership.mayRemove())) return
  for await (const key of ctx.store.list(keys.receipts)) {
    await register(ctx, key).catch((error: unknown) => {
      ctx.logger.warn({ err: error, key }, 'an upload could not be registered by its receipt; retrying')
    })
  }
}

async function register(ctx: Context, key: StorageKey): Promise<void> {
  const body = await read(ctx, key)
  // Another process has just registered it.
  if (body === null) return
  const receipt = parseReceipt(body)
  if (!receipt) await park(ctx.db, { ...UNREADABLE, id: key.replace(/^.*\//, ''), body })
  else await registerOnce(ctx, receipt)
  await ctx.store.remove(key)
}

async function registerOnce(ctx: Context, { userId, projectId = userId, ...upload }: Receipt): Promise<void> {
  try {
    await registerUpload(ctx, { projectId }, upload)
    ctx.logger.info({ videoId: upload.videoId }, 'an upload was registered by its receipt')
  } catch (error) {
    if (!(error instanceof AppError && FINAL.has(error.code))) throw error
    ctx.logger.info({ videoId: upload.videoId, code: error.code }, 'an upload of a receipt was discarded')
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

/** Null where the body is not a receipt. */
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

/**
 * Ends uploads that have had no request for too long, and releases the quota that they reserved. Their parts go to
 * quarantine. Unusually many at once point to a wrong clock or an old database, and wait for an operator.
 */
export async function expireUploads(ctx: Context): Promise<void> {
  for (const row of await expiredRecords(ctx.db)) await end(ctx, row)
  if (!(await ctx.ownership.mayRemove())) return
  const { waiting, limitPerProject } = await planSweep(ctx)
  ctx.metrics.sweepWaiting.set(waiting)
  for (const row of await abandonedUploads(ctx.db, limitPerProject)) await endAbandoned(ctx, row)
}

/** A source that is complete in the store, but was never registered, is registered instead. */
async function endAbandoned(ctx: Context, row: UploadRow): Promise<void> {
  await isolated(ctx, { videoId: row.video_id }, async () => {
    const storageKey = keys.source(row.video_id, row.id)
    if (!(await ctx.store.stat(storageKey))) return await end(ctx, row)
    const written = await measure(ctx.store.read(storageKey))
    const source = { uploadId: row.id, storageKey, filename: row.filename, ...written }
    await registerUpload(ctx, { projectId: row.project_id }, { videoId: row.video_id, ...source })
    ctx.logger.info({ videoId: row.video_id }, 'a complete upload that was not registered was registered')
  })
}

async function end(ctx: Context, row: UploadRow): Promise<void> {
  await isolated(ctx, { videoId: row.video_id }, () =>
    transact(ctx, (tx) => abortUpload(ctx, tx, row, 'expired'), { evict: () => row.project_id }),
  )
}
