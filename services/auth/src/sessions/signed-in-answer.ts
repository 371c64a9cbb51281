import type { SignedIn } from '@kinora/common/contracts'
import type { Context } from '../context.ts'
import type { SessionRow, UserRow } from '../db/schema.ts'
import { mintRefreshToken } from '../domain/refresh-token.ts'
import { toUser } from '../domain/to-user.ts'
import type { AccessToken } from '../keys/access-token.ts'

export function signedInAnswer(
  { refreshTokens }: Context,
  user: UserRow,
  session: Pick<SessionRow, 'id' | 'refresh_salt' | 'refresh_counter' | 'expires_at'>,
  access: AccessToken,
  now: Date,
): SignedIn {
  return {
    user: toUser(user),
    accessToken: access.token,
    tokenType: 'Bearer',
    expiresIn: access.expiresIn,
    refreshToken: mintRefreshToken(refreshTokens.secret, session, session.refresh_counter),
    refreshExpiresIn: Math.floor((session.expires_at.getTime() - now.getTime()) / 1000),
  }
}
