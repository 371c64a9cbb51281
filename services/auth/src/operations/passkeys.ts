import type { Assertion } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import { webAuthnChallenge } from '../domain/webauthn-challenge.ts'
import { acceptAssertion } from '../passkeys/accept-assertion.ts'
import type { Work } from '../repositories/index.ts'

/**
 * The reason why a passkey does not finish this sign-in; null when it does. A signature cannot be guessed, so the account's
 * cap on codes does not count it: its owner gets in while somebody else is guessing.
 */
export async function tryPasskey(
  ctx: Context,
  work: Work,
  userId: string,
  response: Assertion,
  mfaToken: string,
): Promise<AppError | null> {
  const passkey = await work.passkeys.byCredentialId(Buffer.from(response.id, 'base64url'))
  const proof = { response, challenge: webAuthnChallenge(mfaToken), verification: 'discouraged' } as const
  const isTheirs = passkey?.user_id === userId
  return isTheirs && (await acceptAssertion(ctx, work, passkey, proof)) ? null : new AppError('PASSKEY_INVALID')
}
