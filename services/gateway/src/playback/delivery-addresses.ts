import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PlaybackGrant } from '@kinora/common/contracts'

/** What an address opens: the renditions of a video up to a height. */
export interface DeliveryScope {
  videoId: string
  /** Short side in pixels of the largest rendition; null: all. */
  maxHeight: number | null
  /** The delivery epoch of the video; a video whose delivery is revoked gets a higher one. */
  epoch: number
}

export interface DeliveryAddress extends DeliveryScope {
  /** Seconds since the epoch. */
  expiresAt: number
}

/** `<scope>-<epoch>-<expiry>-<signature>`: one spelling for each address, because the signature is over the text. */
const FORM = /^((?:all|[1-9]\d{0,4}p)-(\d{1,9})-([1-9]\d{9,11}))-([\w-]{22})$/
const SIGNATURE_BYTES = 16
/** However long a video is. */
const MAX_SECONDS = 86_400

/**
 * The addresses of segments, pictures and captions, which are the same for all viewers of a scope, so that any cache can carry
 * them: `/v/<video>/<scope>-<epoch>-<expiry>-<signature>/<file>`. They are signed and checked without a call, and expire at
 * the end of a bucket.
 */
export class DeliveryAddresses {
  readonly #keys: Buffer[]
  readonly #bucketSeconds: number
  readonly #base: string

  /** @param secrets playback secrets (base64): the first signs, all are accepted */
  constructor(
    secrets: readonly string[],
    { bucketSeconds, deliveryUrl }: { bucketSeconds: number; deliveryUrl?: string | undefined },
  ) {
    // Keys of their own, so that no signature of a token is one of an address.
    this.#keys = secrets.map((secret) =>
      createHmac('sha256', Buffer.from(secret, 'base64')).update('kinora delivery addresses').digest(),
    )
    this.#bucketSeconds = bucketSeconds
    // Relative to a playlist `/play/<reference>/<name>`, so that it works under any prefix of a proxy.
    this.#base = deliveryUrl === undefined ? '../..' : deliveryUrl.replace(/\/$/, '')
  }

  /** The folder that the files of a grant are below, as a playlist names it. */
  folderFor(grant: PlaybackGrant): string {
    const scope = { videoId: grant.videoId, maxHeight: sharedHeight(grant), epoch: grant.deliveryEpoch }
    const signed = `${nameOf(scope)}-${scope.epoch}-${this.#expiryFor(grant, Date.now() / 1000)}`
    const [key] = this.#keys
    return `${this.#base}/v/${scope.videoId}/${signed}-${signature(key, scope.videoId, signed).toString('base64url')}`
  }

  /** What an address opens; null if it was not signed here, or has expired. */
  read(videoId: string, address: string): DeliveryAddress | null {
    const [, signed = '', epoch, expiry, given = ''] = FORM.exec(address) ?? []
    if (!this.#keys.some((key) => isSame(signature(key, videoId, signed), given))) return null
    const expiresAt = Number(expiry)
    if (expiresAt <= Date.now() / 1000) return null
    const height = Number.parseInt(signed, 10)
    return { videoId, maxHeight: Number.isNaN(height) ? null : height, epoch: Number(epoch), expiresAt }
  }

  /**
   * The end of the bucket in which an address is not needed any more: twice the length of the video, at least a bucket, and no
   * longer than the link.
   */
  #expiryFor({ durationSeconds, expiresAt }: PlaybackGrant, now: number): number {
    const needed = Math.max(this.#bucketSeconds, Math.min(2 * durationSeconds, MAX_SECONDS))
    const linkEnds = expiresAt === null ? Number.POSITIVE_INFINITY : Date.parse(expiresAt) / 1000
    return Math.ceil(Math.min(now + needed, linkEnds) / this.#bucketSeconds) * this.#bucketSeconds
  }
}

/** The largest height that a grant reaches, so that all grants that reach the same renditions share addresses; null: all. */
function sharedHeight({ maxHeight, heights }: PlaybackGrant): number | null {
  if (maxHeight === null || heights.every((height) => height <= maxHeight)) return null
  return Math.max(...heights.filter((height) => height <= maxHeight))
}

function nameOf({ maxHeight }: DeliveryScope): string {
  return maxHeight === null ? 'all' : `${maxHeight}p`
}

function signature(key: Buffer | undefined, videoId: string, signed: string): Buffer {
  return createHmac('sha256', key ?? '')
    .update(`${videoId}/${signed}`)
    .digest()
    .subarray(0, SIGNATURE_BYTES)
}

function isSame(expected: Buffer, given: string): boolean {
  const bytes = Buffer.from(given, 'base64url')
  // The last character has unused bits: another spelling of the same bytes would be another address.
  return bytes.length === expected.length && timingSafeEqual(bytes, expected) && bytes.toString('base64url') === given
}
