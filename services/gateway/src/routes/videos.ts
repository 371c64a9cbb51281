import { media } from '@kinora/common/contracts'
import { tagged } from './route.ts'

const video = '/v1/videos/:videoId'
const read = { auth: 'required', scope: 'videos:read', limit: 'general' } as const
const write = { auth: 'required', scope: 'videos:write', limit: 'general' } as const
const share = { auth: 'required', scope: 'playback:write', limit: 'general' } as const
/** A public or unlisted video may be looked at by anybody. */
const look = { ...read, auth: 'optional' } as const

const rows = tagged('Videos', [
  { method: 'post', path: '/v1/videos', rpc: media.createVideo, ...write, status: 201 },
  { method: 'get', path: '/v1/videos', rpc: media.listVideos, ...read, status: 200 },
  { method: 'get', path: video, rpc: media.getVideo, ...look, status: 200 },
  { method: 'patch', path: video, rpc: media.updateVideo, ...write, status: 200 },
  { method: 'delete', path: video, rpc: media.deleteVideo, ...write, status: 204 },
  { method: 'post', path: `${video}/retry`, rpc: media.retryVideo, ...write, status: 202 },
  { method: 'post', path: `${video}/poster`, rpc: media.choosePoster, ...write, status: 202 },
  { method: 'post', path: `${video}/clips`, rpc: media.createClip, ...write, status: 201 },
  { method: 'get', path: `${video}/timeline`, rpc: media.getTimeline, ...read, status: 200 },
])

const links = tagged('Playback links', [
  { method: 'post', path: `${video}/playback-tokens`, rpc: media.createPlaybackToken, ...share, status: 201 },
  {
    method: 'delete',
    path: `${video}/playback-tokens/:tokenId`,
    rpc: media.revokePlaybackToken,
    ...share,
    status: 204,
  },
])

export const videos = [...rows, ...links]
