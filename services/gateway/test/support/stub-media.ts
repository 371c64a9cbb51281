import { randomUUID } from 'node:crypto'
import type { Output } from '@kinora/common/contract'
import { media, type PlaybackGrant, type PlaybackKey, type Video } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { TestEnvironment } from '@kinora/dev/harness'
import { type StubService, stubService } from './stub-service.ts'

type Defaults = 'projectId' | 'visibility' | 'heights' | 'durationSeconds' | 'deliveryEpoch' | 'version'
/** A grant; what a test is not about has a default. */
export type StubGrant = Omit<PlaybackGrant, Defaults> & { [Name in Defaults]?: PlaybackGrant[Name] | undefined }

type Download = Output<typeof media.prepareDownload>
/** Of a video of which a test is not about the sites that may play it, unless it says so. */
type StubDownload = { [D in Download as D['status']]: Omit<D, 'videoId'> & { videoId?: string } }[Download['status']]

export interface StubMedia extends StubService<typeof media> {
  videos: Map<string, Video>
  grants: Map<string, StubGrant>
  /** Keys that sign playback tokens, by id. */
  playbackKeys: Map<string, PlaybackKey>
  /** Grants by playback reference. */
  downloads: Map<string, StubDownload>
  /** The sites that may play each video, by its id. */
  allowedDomains: Map<string, string[]>
  addVideo(fields?: Partial<Video>): Video
}

/** The project of videos of which a test does not say it. */
const NOWHERE = randomUUID()

export const MAX_BYTES = 5_000_000

/** A stub of media with what a gateway needs: videos in memory, uploads and playback grants. */
export async function stubMedia(world: TestEnvironment): Promise<StubMedia> {
  const videos = new Map<string, Video>()
  const grants = new Map<string, StubGrant>()
  const downloads: StubMedia['downloads'] = new Map()
  const playbackKeys: StubMedia['playbackKeys'] = new Map()
  const allowedDomains: StubMedia['allowedDomains'] = new Map()
  const find = (videoId: string): Video => {
    const video = videos.get(videoId)
    if (!video) throw new AppError('VIDEO_NOT_FOUND')
    return video
  }
  const stub = await stubService(world, 'media', media, {
    createVideo: async (input, { actor }) => {
      const ownerId = actor.kind === 'user' ? actor.userId : randomUUID()
      return addVideo({ ...input, ownerId, projectId: input.projectId ?? ownerId })
    },
    getVideo: async ({ videoId }) => find(videoId),
    updateVideo: async ({ videoId, ...fields }) => ({ ...find(videoId), ...fields }) as Video,
    deleteVideo: async ({ videoId }) => {
      videos.delete(find(videoId).id)
      return {}
    },
    listVideos: async ({ limit }) => ({ items: [...videos.values()].slice(0, limit), nextCursor: null }),
    beginUpload: async ({ videoId, bytes, contentType }) => {
      const video = find(videoId)
      if (contentType !== null && !contentType.startsWith('video/')) throw new AppError('SOURCE_TYPE_UNSUPPORTED')
      if (bytes !== null && bytes > MAX_BYTES) throw new AppError('UPLOAD_TOO_LARGE')
      const uploadId = randomUUID()
      return { uploadId, storageKey: keys.source(videoId, uploadId), maxBytes: MAX_BYTES, video }
    },
    completeUpload: async ({ videoId, filename, bytes, sha256 }) => {
      const video = find(videoId)
      if (video.source) throw new AppError('SOURCE_ALREADY_UPLOADED')
      const unknown = { container: null, durationSeconds: null, width: null, height: null, frameRate: null }
      const source = { filename, bytes, sha256, ...unknown, videoCodec: null, audioCodec: null, removedAt: null }
      return addVideo({ ...video, status: 'uploaded', source })
    },
    authorizePlayback: async ({ reference }) => {
      const grant = grants.get(reference)
      if (!grant) throw new AppError('PLAYBACK_DENIED')
      const { projectId = NOWHERE, visibility = 'public' } = grant
      const { heights = [], durationSeconds = 0, deliveryEpoch = 0, version = null } = grant
      return { ...grant, projectId, visibility, heights, durationSeconds, deliveryEpoch, version }
    },
    listUploadLinks: async () => ({ items: [], nextCursor: null }),
    listPlaybackRevocations: async () => ({ items: [], more: false }),
    getPlaybackKey: async ({ playbackKeyId }) => {
      const key = playbackKeys.get(playbackKeyId)
      if (!key) throw new AppError('PLAYBACK_KEY_NOT_FOUND')
      return key
    },
    prepareDownload: async ({ reference, audio }) => {
      const file = downloads.get(audio === undefined ? reference : `${reference} ${audio}`)
      if (!file) throw new AppError('DOWNLOAD_DENIED')
      return { videoId: NOWHERE, ...file }
    },
    findAllowedDomains: async ({ videoId }) => {
      const project = { domains: [], revision: 0 }
      return { projectId: NOWHERE, own: allowedDomains.get(videoId) ?? null, project }
    },
  })
  return Object.assign(stub, { videos, grants, downloads, playbackKeys, allowedDomains, addVideo })

  function addVideo(fields: Partial<Video> = {}): Video {
    const now = new Date().toISOString()
    const ownerId = fields.ownerId ?? randomUUID()
    const video: Video = {
      id: randomUUID(),
      ownerId,
      projectId: ownerId,
      kind: 'video',
      title: 'Holidays',
      description: '',
      tags: [],
      externalId: null,
      metadata: {},
      visibility: 'private',
      status: 'awaiting_upload',
      playable: false,
      progress: { percent: 0, stage: 'waiting', etaSeconds: null },
      source: null,
      renditions: [],
      audioTracks: [],
      warnings: [],
      instantPlayback: false,
      allowedDomains: null,
      playback: null,
      error: null,
      revision: 1,
      createdAt: now,
      updatedAt: now,
      readyAt: null,
      expiresAt: null,
      sourceExpiresAt: null,
      replacement: null,
      ...fields,
    }
    videos.set(video.id, video)
    return video
  }
}
