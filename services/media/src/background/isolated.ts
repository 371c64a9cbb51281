import type { Context } from '../context.ts'

/** One that fails must not keep a job from all others; the job's next run tries it again. `about` names it in the log. */
export async function alone(
  ctx: Context,
  about: { videoId: string } | { ownerId: string },
  step: () => Promise<unknown>,
): Promise<void> {
  await step().catch((error: unknown) => {
    ctx.logger.warn({ err: error, ...about }, 'a job could not do this; trying again')
  })
}

/** Items in arrays of `size`, the last of which may be shorter. */
export async function* inBatches<T>(items: AsyncIterable<T>, size: number): AsyncGenerator<T[]> {
  let batch: T[] = []
  for await (const item of items) {
    batch.push(item)
    if (batch.length < size) continue
    yield batch
    batch = []
  }
  if (batch.length > 0) yield batch
}
