import { type RevocationReason, signedOut } from '@kinora/common/contracts'
import type { Identity } from '../identity/authenticate.ts'
import type { Revocations } from '../identity/revocations.ts'

/**
 * Passes chunks on until the session or the API key that sends them is revoked; then throws why instead of the next one.
 * An access token that merely expires meanwhile does not end an upload.
 */
export async function* untilRevoked(
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
