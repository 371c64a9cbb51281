import { events } from '@kinora/common/contracts'
import { addEvent } from '@kinora/common/db'
import type { Tx } from '../db/schema.ts'
import { type RetiredKey, retirePlaybackKey, retirePlaybackKeysBy } from '../repositories/playback-keys.ts'

/** Ends all tokens of a key: gateways hear of it. False when it is retired already, or there is no such key. */
export async function retireKey(tx: Tx, id: string): Promise<boolean> {
  const retired = await retirePlaybackKey(tx, id)
  if (retired) await publishRetirement(tx, retired)
  return retired !== undefined
}

/** The same for all keys that an account has registered until then, in every project. */
export async function retireKeysBy(tx: Tx, ownerId: string, until: Date): Promise<void> {
  for (const retired of await retirePlaybackKeysBy(tx, ownerId, until)) await publishRetirement(tx, retired)
}

async function publishRetirement(tx: Tx, { id, expiresAt }: RetiredKey): Promise<void> {
  const data = { playbackKeyId: id, expiresAt: expiresAt.toISOString() }
  await addEvent(tx, events['playback.key-retired'], { aggregateId: id, sequence: 1 }, data)
}
