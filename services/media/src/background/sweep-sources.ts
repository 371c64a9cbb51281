import { keys, type StorageKey } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { registeredSources } from '../operations/plan-source.ts'
import { inBatches } from './isolated.ts'

const AGE_MS = 24 * 3600 * 1000
const BATCH = 500

/**
 * Removes uploads that were written and never registered, and what was never written to its end, a day after the gateway
 * that wrote them must have died.
 */
export async function sweepSources(ctx: Context, now = Date.now()): Promise<void> {
  await ctx.store.removeUnfinished(new Date(now - AGE_MS))
  for await (const batch of inBatches(ctx.store.list('sources'), BATCH)) await sweep(ctx, batch, now)
}

/**
 * The rows are asked once more at last: a receipt goes away after its upload was registered, so an upload that has
 * neither at that moment will never be registered.
 */
async function sweep(ctx: Context, sources: StorageKey[], now: number): Promise<void> {
  const forgotten: StorageKey[] = []
  for (const key of await unregistered(ctx, sources)) if (await isForgotten(ctx, key, now)) forgotten.push(key)
  for (const key of await unregistered(ctx, forgotten)) {
    await ctx.store.remove(key)
    ctx.logger.info({ key }, 'an upload that nobody registered was removed')
  }
}

async function unregistered(ctx: Context, sources: StorageKey[]): Promise<StorageKey[]> {
  if (sources.length === 0) return []
  const registered = await registeredSources(ctx.db, sources)
  return sources.filter((key) => !registered.has(key))
}

async function isForgotten(ctx: Context, sourceKey: StorageKey, now: number): Promise<boolean> {
  const file = await ctx.store.stat(sourceKey)
  if (!file || now - file.modifiedAt.getTime() < AGE_MS) return false
  const uploadId = sourceKey.split('/').at(-1) ?? ''
  return (await ctx.store.stat(keys.receipt(uploadId))) === null
}
