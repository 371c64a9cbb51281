import { generateKeyPairSync, randomUUID } from 'node:crypto'
import type { PlaybackKey } from '@kinora/common/contracts'
import jwt from 'jsonwebtoken'

export interface SigningKey {
  key: PlaybackKey
  /** A token as the server of a customer signs it; `claims` replace single values. */
  sign(videoId: string, claims?: object): string
}

/** A playback key with its private half. */
export function signingKey(projectId: string = randomUUID()): SigningKey {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key: PlaybackKey = {
    id: randomUUID(),
    projectId,
    ownerId: projectId,
    name: null,
    algorithm: 'ES256',
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }).toString(),
    createdAt: new Date().toISOString(),
  }
  return {
    key,
    sign(videoId, claims = {}) {
      const payload = { sub: videoId, aud: 'playback', exp: Math.floor(Date.now() / 1000) + 3600, ...claims }
      return jwt.sign(payload, privateKey, { algorithm: 'ES256', keyid: key.id, noTimestamp: true })
    },
  }
}
