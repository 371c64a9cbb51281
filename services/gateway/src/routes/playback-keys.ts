import { media } from '@kinora/common/contracts'
import { tagged } from './route.ts'

/** A scope of its own: a key that makes links for a week must not be able to register a key that lasts. */
const manage = { auth: 'required', scope: 'playback-keys:write', project: 'manage', limit: 'general' } as const

export const playbackKeys = tagged('Playback keys', [
  { method: 'get', path: '/v1/playback-keys', rpc: media.listPlaybackKeys, ...manage, status: 200 },
  {
    method: 'post',
    path: '/v1/playback-keys',
    rpc: media.createPlaybackKey,
    ...manage,
    status: 201,
    // The answer may have a private key, which is stored nowhere.
    idempotencyKey: false,
  },
  {
    method: 'delete',
    path: '/v1/playback-keys/:playbackKeyId',
    rpc: media.retirePlaybackKey,
    ...manage,
    status: 204,
  },
])
