import type { Context } from '../context.ts'

/** One that fails must not keep a job from all others; the job's next run tries it again. `about` names it in the log. */
export async function isolated(
  ctx: Context,
  about: { videoId: string } | { ownerId: string },
  step: () => Promise<unknown>,
): Promise<void> {
  await step().catch((error: unknown) => {
    ctx.logger.warn({ err: error, ...about }, 'a job could not do this; trying again')
  })
}
