import { defineContract } from '../../contract.ts'
import { audioTracks } from './audio-tracks.ts'
import { captions } from './captions.ts'
import { limits } from './limits.ts'
import { parked } from './parked.ts'
import { passport } from './passport.ts'
import { playback } from './playback.ts'
import { playbackKeys } from './playback-keys.ts'
import { storage } from './storage.ts'
import { support } from './support.ts'
import { tasks } from './tasks.ts'
import { uploadLinks } from './upload-links.ts'
import { uploads } from './uploads.ts'
import { videos } from './videos.ts'
import { watermark } from './watermark.ts'
import { webhooks } from './webhooks.ts'

export * from './audio-tracks.ts'
export * from './captions.ts'
export * from './limits.ts'
export * from './parked.ts'
export * from './passport.ts'
export * from './playback.ts'
export * from './playback-keys.ts'
export * from './storage.ts'
export * from './support.ts'
export * from './tasks.ts'
export * from './upload-links.ts'
export * from './uploads.ts'
export * from './video.ts'
export * from './videos.ts'
export * from './watermark.ts'
export * from './webhooks.ts'

export const media = defineContract('media', {
  ...videos,
  ...audioTracks,
  ...uploads,
  ...uploadLinks,
  ...tasks,
  ...playback,
  ...playbackKeys,
  ...captions,
  ...watermark,
  ...passport,
  ...webhooks,
  ...limits,
  ...parked,
  ...storage,
  ...support,
})
