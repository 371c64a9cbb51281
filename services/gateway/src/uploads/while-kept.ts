import { AppError } from '@kinora/common/errors'

/**
 * Passes chunks on and says every now and then that they come; where the answer is that nobody wants them any more, throws
 * it instead of the next one. That nobody could be asked says nothing.
 */
export async function* whileKept(
  chunks: AsyncIterable<Buffer>,
  keep: () => Promise<unknown>,
  everyMs: number,
): AsyncGenerator<Buffer> {
  let refusal: AppError | undefined
  const timer = setInterval(() => {
    keep().catch((error: unknown) => {
      if (error instanceof AppError && error.status < 500) refusal = error
    })
  }, everyMs)
  try {
    for await (const chunk of chunks) {
      if (refusal) throw refusal
      yield chunk
    }
  } finally {
    clearInterval(timer)
  }
}
