import { createPublicKey, verify } from 'node:crypto'
import { z } from 'zod'
import { Id, PlaybackKeyAlgorithm, type SigningPublicKey } from './contracts/index.ts'
import { AppError } from './errors.ts'
import { linkEnded, type PlaybackClaims } from './playback-token.ts'

/** How far ahead a token of a playback key may expire. */
const MAX_SECONDS = 7 * 86_400
/** By which the clock of a customer's server may be ahead. */
const SKEW_SECONDS = 60
/** Of both algorithms: r and s of P-256, as JOSE writes them, or a signature of Ed25519. */
const SIGNATURE_BYTES = 64

/** Such a header would name another key, or change what is signed. */
const refused = z.never().optional()
const Header = z.object({
  alg: PlaybackKeyAlgorithm,
  kid: z.string().optional(),
  typ: z
    .string()
    .regex(/^(jwt|playback\+jwt)$/i)
    .optional(),
  ...{ crit: refused, b64: refused, jwk: refused, jku: refused, x5c: refused, x5u: refused },
})

const Claims = z.object({
  aud: z.literal('playback'),
  sub: Id,
  exp: z.number(),
  nbf: z.number().optional(),
  iat: z.number().optional(),
  maxHeight: z.number().int().min(100).max(4320).optional(),
  download: z.boolean().default(false),
})

/** A token that says it was signed by a playback key; nothing of it was checked yet. */
export interface KeyToken {
  keyId: string
  algorithm: PlaybackKeyAlgorithm
  payload: unknown
  /** What the signature is over. */
  signed: string
  signature: string
}

/**
 * Reads a token that a customer's server has signed. Null for every other reference: ids, and the tokens of links, which
 * have another algorithm. Throws `PLAYBACK_DENIED` for a token that no playback key can have signed.
 */
export function readKeyToken(reference: string): KeyToken | null {
  const [head = '', body = '', signature = '', ...more] = reference.split('.')
  if (signature === '' || more.length > 0) return null
  const given = decode(head)
  if (!PlaybackKeyAlgorithm.safeParse((given as { alg?: unknown } | null)?.alg).success) return null
  const header = Header.safeParse(given)
  if (!header.success) throw denied('the header', header.error)
  const payload = decode(body)
  const ids = [header.data.kid, (payload as { iss?: unknown } | null)?.iss].map((id) => Id.safeParse(id).data)
  const keyId = ids.find((id) => id !== undefined)?.toLowerCase()
  if (keyId === undefined) throw deniedBecause('`kid` or `iss` must be the id of a playback key')
  return { keyId, algorithm: header.data.alg, payload, signed: `${head}.${body}`, signature }
}

/**
 * What a token allows, by its key. The signature is checked first, so that only who has the key learns what is wrong with a
 * token. Throws `PLAYBACK_DENIED`.
 */
export function verifyKeyToken(token: KeyToken, key: SigningPublicKey, now: Date): PlaybackClaims {
  if (token.algorithm !== key.algorithm || !isSigned(token, key)) throw linkEnded()
  const claims = Claims.safeParse(token.payload)
  if (!claims.success) throw denied('the claims', claims.error)
  const { sub, exp, nbf, maxHeight, download } = claims.data
  const seconds = now.getTime() / 1000
  if (exp <= seconds) throw linkEnded()
  if (exp > seconds + MAX_SECONDS + SKEW_SECONDS) throw deniedBecause('`exp` must be at most 7 days ahead')
  if (nbf !== undefined && nbf > seconds + SKEW_SECONDS) throw deniedBecause('This playback link is not valid yet')
  return { video: sub.toLowerCase(), exp: Math.floor(exp), ...(maxHeight !== undefined && { maxHeight }), download }
}

function isSigned({ signed, signature }: KeyToken, { algorithm, publicKey }: SigningPublicKey): boolean {
  const bytes = bytesOf(signature)
  if (bytes?.length !== SIGNATURE_BYTES) return false
  const key = createPublicKey(publicKey)
  const text = Buffer.from(signed)
  if (algorithm === 'EdDSA') return verify(null, text, key, bytes)
  return verify('sha256', text, { key, dsaEncoding: 'ieee-p1363' }, bytes)
}

/** The JSON of a part; null if it is not JSON. */
function decode(part: string): unknown {
  try {
    return JSON.parse(bytesOf(part)?.toString() ?? '')
  } catch {
    return null
  }
}

/** Null for a second spelling of the same bytes: each token has one. */
function bytesOf(part: string): Buffer | null {
  const bytes = Buffer.from(part, 'base64url')
  return bytes.toString('base64url') === part ? bytes : null
}

function denied(of: string, { issues }: z.ZodError): AppError {
  const [issue] = issues
  const name = issue?.path.join('.')
  return deniedBecause(`In ${of} of the playback token ${name ? `\`${name}\` is refused` : 'an object is expected'}`)
}

function deniedBecause(detail: string): AppError {
  return new AppError('PLAYBACK_DENIED', { detail })
}
