import { assertInTime, type Call } from '@kinora/common/contract'
import { hasMessages } from '@kinora/common/db'
import type { Context, Wake } from '../context.ts'
import type { Tx } from '../db/schema.ts'

/** What precedes the commit, and what follows it, by the result of the transaction. */
interface AroundCommit<T> {
  /** The call that this answers. */
  call?: Pick<Call, 'timeoutMs'>
  /** The project whose cached answers are out of date. */
  evict?: (result: T) => string | undefined
  /** A loop that has work now, beside the outbox relay. */
  wake?: (result: T) => keyof Wake | undefined
}

/**
 * Runs `work` in one transaction: all that it does is committed, or nothing. After the commit the project's cached answers
 * are evicted first, so that a client that hears of the change reads what is new. Then the loops are woken that send what
 * the transaction has added.
 *
 * If the deadline of `call` has passed before the commit, nothing is committed and `TIMEOUT` is thrown: its caller was
 * answered 504 and must be able to rely on that.
 */
export async function transact<T>(
  { db, cache, wake }: Pick<Context, 'db' | 'cache' | 'wake'>,
  work: (tx: Tx) => Promise<T>,
  around: AroundCommit<T> = {},
): Promise<T> {
  const { result, hasOutbox } = await db.transaction().execute(async (tx) => {
    const result = await work(tx)
    if (around.call) assertInTime(around.call)
    return { result, hasOutbox: hasMessages(tx) }
  })
  const projectId = around.evict?.(result)
  if (projectId !== undefined) await cache.evict(projectId)
  if (hasOutbox) wake.emit('outbox')
  const loop = around.wake?.(result)
  if (loop !== undefined) wake.emit(loop)
  return result
}
