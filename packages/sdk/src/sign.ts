import { createPrivateKey, sign } from 'node:crypto'

/** How and for how long a token plays a video. */
export interface PlaybackTokenOptions {
  /** Id of the playback key. */
  keyId: string
  /** Its private half: PKCS #8 in PEM, on P-256 or Ed25519. */
  privateKey: string
  videoId: string
  /** Seconds; at most 604,800 (a week). By default an hour. */
  expiresIn?: number
  /** Largest height in pixels that the token plays. */
  maxHeight?: number
  /** Whether the token allows downloads. By default it does not. */
  download?: boolean
}

/**
 * Signs a token that plays a private video, without a call to Kinora: `/play/{token}/master.m3u8`, or the attribute `token`
 * of the player. For servers: a browser must not have the private key.
 */
export function signPlaybackToken(options: PlaybackTokenOptions): string {
  const { keyId, privateKey, videoId, expiresIn = 3600, maxHeight, download } = options
  const key = createPrivateKey(privateKey)
  const isP256 = key.asymmetricKeyType === 'ec'
  const exp = Math.floor(Date.now() / 1000) + expiresIn
  const signed = [
    { alg: isP256 ? 'ES256' : 'EdDSA', kid: keyId },
    { sub: videoId, aud: 'playback', exp, maxHeight, download },
  ]
  const text = signed.map((part) => Buffer.from(JSON.stringify(part)).toString('base64url')).join('.')
  const signature = isP256
    ? sign('sha256', Buffer.from(text), { key, dsaEncoding: 'ieee-p1363' })
    : sign(null, Buffer.from(text), key)
  return `${text}.${signature.toString('base64url')}`
}
