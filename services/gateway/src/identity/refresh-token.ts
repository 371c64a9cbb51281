/**
 * What all refresh tokens of one session have in common: they begin with a version byte and the session's id, and change
 * after that. 22 characters of base64url hold 16 bytes.
 */
export function sessionPart(refreshToken: string): string {
  return refreshToken.slice(0, 22)
}
