import { type RevocationReason, signedOut } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Identity } from '../identity/authenticate.ts'
import type { Revocations } from '../identity/revocations.ts'

/**
 * Yields the chunks of an upload. Once the session or API key of the client is revoked, throws the reason instead of the
 * next chunk. An access token that only expires does not end an upload.
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
  const assertNotRevoked = () => {
    if (revoked) throw signedOut(revoked, 'access')
  }
  try {
    for await (const chunk of chunks) {
      assertNotRevoked()
      yield chunk
    }
    assertNotRevoked()
  } finally {
    stopListening()
  }
}

/**
 * Yields chunks and calls `keep` every `everyMs` milliseconds meanwhile. If `keep` rejects with an error below 500, throws
 * it instead of the next chunk: the upload is no longer wanted. Other errors, such as a failed call, are ignored.
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
  /** The error that ended the chunks; undefined if they ended normally. */
  cause(): unknown
}

/** Chunks that end normally where `chunks` throws, so that everything before the error is stored. */
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
