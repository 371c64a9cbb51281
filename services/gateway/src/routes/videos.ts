import { media } from '@kinora/common/contracts'
import type { Route } from './route.ts'

const video = '/v1/videos/:videoId'
const required = { auth: 'required', limit: 'general' } as const
/** A public or unlisted video may be looked at by anybody. */
const optional = { auth: 'optional', limit: 'general' } as const

export const videos: Route[] = [
  { method: 'post', path: '/v1/videos', rpc: media.createVideo, ...required, status: 201 },
  { method: 'get', path: '/v1/videos', rpc: media.listVideos, ...required, status: 200 },
  { method: 'get', path: video, rpc: media.getVideo, ...optional, status: 200 },
  { method: 'patch', path: video, rpc: media.updateVideo, ...required, status: 200 },
  { method: 'delete', path: video, rpc: media.deleteVideo, ...required, status: 204 },
  { method: 'post', path: `${video}/retry`, rpc: media.retryVideo, ...required, status: 202 },
  { method: 'get', path: `${video}/timeline`, rpc: media.getTimeline, ...required, status: 200 },
  { method: 'post', path: `${video}/playback-tokens`, rpc: media.createPlaybackToken, ...required, status: 201 },
  {
    method: 'delete',
    path: `${video}/playback-tokens/:tokenId`,
    rpc: media.revokePlaybackToken,
    ...required,
    status: 204,
  },
]
