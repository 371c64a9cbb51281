import { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys, type StorageKey } from '@kinora/common/storage'
import { z } from 'zod'
import type { Context } from '../context.ts'
import { park } from '../repositories/parked.ts'
import { registerUpload } from '../rpc/complete-upload.ts'

/** What a gateway leaves in storage when media could not be reached: the input of `completeUpload` and who sent it. */
const Receipt = media.completeUpload.input.extend({ userId: z.uuid() })
type Receipt = z.infer<typeof Receipt>

/** Where such a note comes from, if it ends in the parking lot. */
export const RECEIPTS = 'receipts'

/** These end the matter: the file has been put on the list of what is removed. */
const FINAL: ReadonlySet<string> = new Set(['VIDEO_NOT_FOUND', 'SOURCE_ALREADY_UPLOADED', 'VALIDATION_FAILED'])

/** Registers uploads that were finished while nobody could be told, so that none is lost. */
export async function registerReceipts(ctx: Context): Promise<void> {
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
