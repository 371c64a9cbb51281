import type { Handler, Input } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Context } from '../context.ts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { languageTag } from '../domain/languages.ts'
import { changeTimedText } from '../operations/change-video.ts'
import { publishAudioTracks } from '../repositories/audio-tracks.ts'
import { changeOwnVideo } from './guards.ts'
import { toVideo } from './video-view.ts'

/** Only of a ready video: before that, tracks are published as they become complete, and all of them are checked. */
export function updateAudioTrack(ctx: Context): Handler<typeof media.updateAudioTrack> {
  return async ({ videoId, trackId, ...change }, call) => {
    const { video } = await changeOwnVideo(
      ctx,
      videoId,
      call,
      async (tx, before) => {
        if (!before.audio_tracks.some(({ id }) => id === trackId)) throw new AppError('AUDIO_TRACK_NOT_FOUND')
        if (before.status !== 'ready') throw new AppError('VIDEO_NOT_READY')
        await publishAudioTracks(tx, videoId, changedTracks(before.audio_tracks, trackId, change))
      },
      changeTimedText,
    )
    return toVideo(ctx, video, call.actor)
  }
}

type TrackChange = Omit<Input<typeof media.updateAudioTrack>, 'videoId' | 'trackId'>

function changedTracks(
  all: readonly StoredAudioTrack[],
  trackId: string,
  { name, language, default: makeDefault, hidden }: TrackChange,
): StoredAudioTrack[] {
  const changed = all.map((track) => {
    if (track.id !== trackId) return makeDefault ? { ...track, default: false } : track
    return {
      ...track,
      ...(name !== undefined && { name }),
      ...(language !== undefined && { language: language === null ? null : languageTag(language, 'language') }),
      ...(makeDefault && { default: true }),
      ...(hidden !== undefined && { hidden }),
    }
  })
  assertOffered(changed)
  assertNamesDiffer(changed)
  return changed
}

function assertOffered(tracks: readonly StoredAudioTrack[]): void {
  const first = tracks.find((track) => track.default)
  if (first?.hidden) refuse('hidden', 'must not be true for the default track')
  if (first && first.status !== 'ready') refuse('default', 'must be a track that is ready')
}

function assertNamesDiffer(tracks: readonly StoredAudioTrack[]): void {
  if (new Set(tracks.map(({ name }) => name)).size < tracks.length) refuse('name', 'is that of another track')
}

function refuse(path: string, message: string): never {
  throw new AppError('VALIDATION_FAILED', { fields: [{ path, message }] })
}
