import { AppError } from '@kinora/common/errors'
import type { UserRow } from '../db/schema.ts'
import { judgeChallenge } from '../domain/judge-challenge.ts'
import { oneTimeTokenHash } from '../domain/one-time-token.ts'
import type { Work } from '../repositories/index.ts'

export interface FoundChallenge {
  tokenHash: Buffer
  user: UserRow
}

export interface RefusedChallenge {
  refusal: AppError
  userId: string | null
}

/** Locks the account and then the sign-in that waits: in this order everywhere, so that nobody waits in a circle. */
export async function findChallenge(
  work: Work,
  mfaToken: string,
  now: Date,
): Promise<FoundChallenge | RefusedChallenge> {
  const tokenHash = oneTimeTokenHash(mfaToken)
  const ownerId = await work.mfaChallenges.ownerOf(tokenHash)
  const user = ownerId === undefined ? undefined : await work.users.lockForSignIn(ownerId)
  const challenge = user && (await work.mfaChallenges.lock(tokenHash))
  if (!user || !challenge) return { refusal: new AppError('MFA_TOKEN_INVALID'), userId: null }
  const verdict = judgeChallenge(challenge, user, now)
  return verdict ? { refusal: new AppError(verdict), userId: user.id } : { tokenHash, user }
}
