import { type RevocationReason, signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Identity } from '../identity/authenticate.ts'
import type { Revocations } from '../identity/revocations.ts'

/**
 * Passes chunks on until the session or the API key that sends them is revoked; then throws why instead of the next one.
 * An access token that merely expires meanwhile does not end an upload.
 */
export async function* abortOnRevocation(
  chunks: AsyncIterable<Buffer>,
  identity: Identity,
  revocations: Revocations,
): AsyncGenerator<Buffer> {
  let revoked: RevocationReason | undefined
  const stopListening = revocations.onRevoked(identity, (reason) => {
    revoked = reason
  })
  const assertGood = () => {
    if (revoked) throw signedOut(revoked, 'access')
  }
  try {
    for await (const chunk of chunks) {
      assertGood()
      yield chunk
    }
    assertGood()
  } finally {
    stopListening()
  }
}

/**
 * Passes chunks on and says every now and then that they come; where the answer is that nobody wants them any more, throws
 * it instead of the next one. That nobody could be asked says nothing.
 */
export async function* withKeepAlive(
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

export interface Breakable {
  chunks: AsyncIterable<Buffer>
  /** Why there were no more, where that was not their end. */
  cause(): unknown
}

/** Chunks that simply end where the others break off, so that what came before is kept. */
export function untilBroken(chunks: AsyncIterable<Buffer>): Breakable {
  let broken: unknown
  async function* passOn(): AsyncGenerator<Buffer> {
    try {
      yield* chunks
    } catch (error) {
      broken = error
    }
  }
  return { chunks: passOn(), cause: () => broken }
}
