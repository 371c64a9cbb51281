import { keys, type StorageKey } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { registeredSources } from '../repositories/sources.ts'

const AGE_MS = 24 * 3600 * 1000
const BATCH = 500

/**
 * Removes uploads that were written and never registered, and what was never written to its end, a day after the gateway
 * that wrote them must have died.
 */
export async function sweepSources(ctx: Context, now = Date.now()): Promise<void> {
  await ctx.store.removeUnfinished(new Date(now - AGE_MS))
  let batch: StorageKey[] = []
  for await (const key of ctx.store.list('sources')) {
    if (!(await isForgotten(ctx, key, now))) continue
    batch.push(key)
    if (batch.length < BATCH) continue
    await sweep(ctx, batch)
    batch = []
  }
  await sweep(ctx, batch)
}

async function isForgotten(ctx: Context, sourceKey: StorageKey, now: number): Promise<boolean> {
  const file = await ctx.store.stat(sourceKey)
  if (!file || now - file.modifiedAt.getTime() < AGE_MS) return false
  const uploadId = sourceKey.split('/').at(-1) ?? ''
  return (await ctx.store.stat(keys.receipt(uploadId))) === null
}

/**
 * The rows are asked last: a receipt goes away after its upload was registered, so an upload that has neither at this
 * moment will never be registered.
 */
async function sweep(ctx: Context, sources: StorageKey[]): Promise<void> {
  if (sources.length === 0) return
  const registered = await registeredSources(ctx.db, sources)
  for (const key of sources) {
    if (registered.has(key)) continue
    await ctx.store.remove(key)
    ctx.logger.info({ key }, 'an upload that nobody registered was removed')
  }
}
