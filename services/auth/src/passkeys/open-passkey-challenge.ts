import type { Context } from '../context.ts'
import { newOneTimeToken } from '../domain/one-time-token.ts'
import type { Work } from '../repositories/index.ts'

const LIFETIME_MS = 300_000

/** Begins to add a passkey for `userId`, or a sign-in by somebody yet unknown; gives the token that finishes it. */
export async function openPasskeyChallenge(
  { now }: Context,
  { passkeyChallenges }: Pick<Work, 'passkeyChallenges'>,
  userId: string | null,
): Promise<string> {
  const { token, hash } = newOneTimeToken()
  const expiresAt = new Date(now().getTime() + LIFETIME_MS)
  await passkeyChallenges.insert({ token_hash: hash, user_id: userId, expires_at: expiresAt })
  return token
}
