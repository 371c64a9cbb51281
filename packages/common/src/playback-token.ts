import { createHash, createSecretKey, type KeyObject } from 'node:crypto'
import jwt from 'jsonwebtoken'
import { z } from 'zod'
import { AppError } from './errors.ts'

const TYPE = 'playback+jwt'
/** For the user of a link that has expired, was revoked, or was not signed by this installation. */
const LINK_ENDED = 'This playback link is no longer valid'

const Claims = z.object({
  video: z.uuid(),
  /** The token's row; absent in the links that owners get with their own video, which cannot be revoked one by one. */
  jti: z.uuid().optional(),
  exp: z.number().int(),
  maxHeight: z.number().int().optional(),
  download: z.boolean().optional(),
  /** The source as it was uploaded; only in links that owners get with their own video. */
  source: z.boolean().optional(),
})
export type PlaybackClaims = z.infer<typeof Claims>

export interface PlaybackSigner {
  sign(claims: PlaybackClaims): string
  /** Throws `PLAYBACK_DENIED` unless the token was signed by this installation and has not expired. */
  verify(token: string): PlaybackClaims
}

/** Signs with the first secret (base64) and accepts all of them, so that a secret can be replaced while links are in use. */
export function playbackSigner(secrets: readonly [string, ...string[]], now: () => Date): PlaybackSigner {
  const keys = new Map(secrets.map((secret) => keyOf(secret)))
  const [current] = secrets
  const [kid, key] = keyOf(current)
  return {
    sign: (claims) =>
      jwt.sign(claims, key, { algorithm: 'HS256', header: { alg: 'HS256', typ: TYPE, kid }, noTimestamp: true }),
    verify: (token) => verify(token, keys, now()),
  }
}

function keyOf(secret: string): [string, KeyObject] {
  const bytes = Buffer.from(secret, 'base64')
  return [
    createHash('sha256').update('kinora playback key').update(bytes).digest('hex').slice(0, 8),
    createSecretKey(bytes),
  ]
}

function verify(token: string, keys: ReadonlyMap<string, KeyObject>, now: Date): PlaybackClaims {
  try {
    const kid = jwt.decode(token, { complete: true })?.header.kid
    const key = keys.get(kid ?? '')
    if (!key) throw new Error('unknown key')
    const clockTimestamp = Math.floor(now.getTime() / 1000)
    const { header, payload } = jwt.verify(token, key, { algorithms: ['HS256'], complete: true, clockTimestamp })
    if (header.typ !== TYPE) throw new Error('another type of token')
    return Claims.parse(payload)
  } catch (error) {
    throw linkEnded(error)
  }
}

/** The refusal of a link that is revoked, expired or forged: whoever has it learns no more. */
export function linkEnded(cause?: unknown): AppError {
  return new AppError('PLAYBACK_DENIED', { detail: LINK_ENDED, cause })
}

const OWNER_LINK_SECONDS = 3600
const OWNER_LINK_STEP_SECONDS = 900

/** Stays the same for a quarter of an hour, so that an owner who reads a video again gets the same URLs. */
export function ownerLinkExpiry(now: Date): number {
  const step = Math.floor(now.getTime() / 1000 / OWNER_LINK_STEP_SECONDS)
  return (step + 1) * OWNER_LINK_STEP_SECONDS + OWNER_LINK_SECONDS
}
