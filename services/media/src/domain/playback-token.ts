import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import { AppError } from '@kinora/common/errors'
import jwt from 'jsonwebtoken'
import { z } from 'zod'

const TYPE = 'playback+jwt'
/** To whoever holds a link that is expired, revoked or not ours. */
export const LINK_ENDED = 'This playback link is not valid any more'

const Claims = z.object({
  video: z.uuid(),
  /** The token's row; absent in the links that an owner finds in his own video, which cannot be revoked one by one. */
  jti: z.uuid().optional(),
  exp: z.number().int(),
  maxHeight: z.number().int().optional(),
  download: z.boolean().optional(),
})
export type PlaybackClaims = z.infer<typeof Claims>

export interface PlaybackSigner {
  sign(claims: PlaybackClaims): string
  /** Throws `PLAYBACK_DENIED` for whatever is not a token of ours that is valid now. */
  verify(token: string): PlaybackClaims
}

/** Signs with the first secret (base64) and accepts all of them, so that a secret can be replaced without a break. */
export function playbackSigner(secrets: readonly [string, ...string[]]): PlaybackSigner {
  const keys = new Map(secrets.map((secret) => keyOf(secret)))
  const [current] = secrets
  const [kid, key] = keyOf(current)
  return {
    sign: (claims) =>
      jwt.sign(claims, key, { algorithm: 'HS256', header: { alg: 'HS256', typ: TYPE, kid }, noTimestamp: true }),
    verify: (token) => verify(token, keys),
  }
}

function keyOf(secret: string): [string, KeyObject] {
  const bytes = Buffer.from(secret, 'base64')
  return [
    createHash('sha256').update('kinora playback key').update(bytes).digest('hex').slice(0, 8),
    createSecretKey(bytes),
  ]
}

function verify(token: string, keys: ReadonlyMap<string, KeyObject>): PlaybackClaims {
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid
    const key = keys.get(kid ?? '')
    if (!key) throw new Error('unknown key')
    const { header, payload } = jwt.verify(token, key, { algorithms: ['HS256'], complete: true })
    if (header.typ !== TYPE) throw new Error('another type of token')
    return Claims.parse(payload)
  } catch (error) {
    throw new AppError('PLAYBACK_DENIED', { detail: LINK_ENDED, cause: error })
  }
}

const OWNER_LINK_SECONDS = 3600
const OWNER_LINK_STEP_SECONDS = 900

/** The same for a quarter of an hour, so that an owner who reads a video again gets the same addresses. */
export function ownerLinkExpiry(now: Date): number {
  const step = Math.floor(now.getTime() / 1000 / OWNER_LINK_STEP_SECONDS)
  return (step + 1) * OWNER_LINK_STEP_SECONDS + OWNER_LINK_SECONDS
}
