import type { Context } from '../context.ts'

/** Logs the failure of one step with `about`, so that it does not stop a job; the job's next run tries it again. */
export async function isolated(
  ctx: Context,
  about: { videoId: string } | { projectId: string },
  step: () => Promise<unknown>,
): Promise<void> {
  await step().catch((error: unknown) => {
    ctx.logger.warn({ err: error, ...about }, 'a step of a background job failed; retrying')
  })
}
