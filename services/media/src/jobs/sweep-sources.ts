import { keys, type StorageKey } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import { registeredSources } from '../repositories/sources.ts'

const AGE_MS = 24 * 3600 * 1000
const BATCH = 500

/** Removes uploads that were written and never registered, a day after the gateway that wrote them must have died. */
export async function sweepSources(ctx: Context, now = Date.now()): Promise<void> {
  let batch: StorageKey[] = []
  for await (const key of ctx.store.list('sources')) {
    batch.push(key)
    if (batch.length < BATCH) continue
    await sweep(ctx, batch, now)
    batch = []
  }
  await sweep(ctx, batch, now)
}

async function sweep(ctx: Context, sources: StorageKey[], now: number): Promise<void> {
  if (sources.length === 0) return
  const registered = await registeredSources(ctx.db, sources)
  for (const key of sources) {
    if (registered.has(key)) continue
    const file = await ctx.store.stat(key)
    if (!file || now - file.modifiedAt.getTime() < AGE_MS || (await hasReceipt(ctx, key))) continue
    await ctx.store.remove(key)
    ctx.logger.info({ key }, 'an upload that nobody registered was removed')
  }
}

async function hasReceipt(ctx: Context, sourceKey: StorageKey): Promise<boolean> {
  const uploadId = sourceKey.split('/').at(-1) ?? ''
  return (await ctx.store.stat(keys.receipt(uploadId))) !== null
}
