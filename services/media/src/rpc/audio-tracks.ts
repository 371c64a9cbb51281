import { randomUUID } from 'node:crypto'
import type { Handler, Input } from '@kinora/common/contract'
import type { media } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import { keys } from '@kinora/common/storage'
import type { Context } from '../context.ts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { languageName, languageTag } from '../domain/languages.ts'
import { userOf } from '../domain/visibility.ts'
import { addAudioTrack, assertMayAdd, removeAudioTrack } from '../operations/added-audio.ts'
import { changeTimedText } from '../operations/change-video.ts'
import { assertQuotaKept } from '../operations/limits.ts'
import { transact } from '../operations/transact.ts'
import { assertMayBeVideo, reserve } from '../operations/uploads.ts'
import { publishAudioTracks } from '../repositories/audio-tracks.ts'
import { deleteUploadRow } from '../repositories/uploads.ts'
import { byEditor, changeOwnVideo } from './guards.ts'
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

/** Reserves quota for the file of an added track. */
export function beginAudioTrack(ctx: Context): Handler<typeof media.beginAudioTrack> {
  return byEditor<typeof media.beginAudioTrack>(ctx, async (input, video, { actor }) => {
    const { videoId, trackId, contentType, bytes } = input
    assertMayAdd(video, trackId)
    assertMayBeVideo(contentType)
    const of = { videoId, ownerId: userOf(actor), projectId: video.project_id }
    const upload = { id: randomUUID(), ...of, resumable: false, madeVideo: false }
    const reserved = await transact(ctx, (tx) => reserve(ctx, tx, { ...upload, bytes, filename: null, metadata: null }))
    const storageKey = keys.source(videoId, upload.id)
    return { uploadId: upload.id, storageKey, maxBytes: Number(reserved.bytes), projectId: video.project_id }
  })
}

/** Adds a track whose file is in the store. */
export function putAudioTrack(ctx: Context): Handler<typeof media.putAudioTrack> {
  return async ({ videoId, trackId, uploadId, bytes, sha256, name, language, audioDescription }, call) => {
    const tag = language === undefined ? null : languageTag(language, 'language')
    const track = {
      ...{ id: trackId, language: tag, audioDescription },
      name: name ?? (tag === null ? 'Audio' : languageName(tag)),
      added: { uploadId, key: keys.source(videoId, uploadId), bytes, sha256 },
    }
    const { video } = await changeOwnVideo(
      ctx,
      videoId,
      call,
      async (tx, before) => {
        // Repeated, because the answer to the first call was lost.
        if (before.audio_tracks.some(({ added }) => added?.uploadId === uploadId)) return
        const upload = await deleteUploadRow(tx, uploadId)
        if (upload?.video_id !== videoId) throw new AppError('UPLOAD_NOT_FOUND')
        await addAudioTrack(tx, before, track)
        await assertQuotaKept(ctx, tx, before.project_id)
      },
      changeTimedText,
    )
    return toVideo(ctx, video, call.actor)
  }
}

export function deleteAudioTrack(ctx: Context): Handler<typeof media.deleteAudioTrack> {
  return async ({ videoId, trackId }, call) => {
    await changeOwnVideo(
      ctx,
      videoId,
      call,
      async (tx, video) => {
        const track = video.audio_tracks.find(({ id }) => id === trackId)
        if (!track) throw new AppError('AUDIO_TRACK_NOT_FOUND')
        if (!track.added) throw new AppError('AUDIO_TRACK_OF_SOURCE')
        if (track.default && video.audio_tracks.length > 1)
          refuse('trackId', 'is the default track; choose another first')
        await removeAudioTrack(tx, video, track)
      },
      changeTimedText,
    )
    return {}
  }
}

type TrackChange = Omit<Input<typeof media.updateAudioTrack>, 'videoId' | 'trackId'>

function changedTracks(
  all: readonly StoredAudioTrack[],
  trackId: string,
  { name, language, default: makeDefault, hidden, position }: TrackChange,
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
  return position === undefined ? changed : moved(changed, trackId, position)
}

/** @param position from 1 */
function moved(tracks: readonly StoredAudioTrack[], trackId: string, position: number): StoredAudioTrack[] {
  const from = tracks.findIndex(({ id }) => id === trackId)
  const others = tracks.toSpliced(from, 1)
  return others.toSpliced(position - 1, 0, ...tracks.slice(from, from + 1))
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
