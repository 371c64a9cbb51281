import { MAX_AUDIO_TRACKS } from '@kinora/common/contracts'
import { AppError } from '@kinora/common/errors'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { uniqueName } from '../domain/audio-tracks.ts'
import { downloadOrdinalsOf } from '../domain/downloads.ts'
import { ADDED_AUDIO_ORDINALS, addedAudioTask } from '../domain/plan.ts'
import { deleteTasksOfTrack, nextOrdinal, publishAudioTracks } from '../repositories/audio-tracks.ts'
import { queueLateDeletion } from '../repositories/deletions.ts'
import { addTasks } from '../repositories/tasks.ts'

/*
 * Audio that the owner of a ready video adds to it. All of this runs under the locks of its playlists and of its row.
 */

/** Throws the reason why no file can become this track; returns the one that it would replace. */
export function assertMayAdd({ status, plan, audio_tracks: tracks }: VideoRow, trackId: string) {
  if (status !== 'ready' || !plan) throw new AppError('VIDEO_NOT_READY')
  const before = tracks.find(({ id }) => id === trackId)
  if (before && !before.added) throw new AppError('AUDIO_TRACK_OF_SOURCE')
  if (!before && tracks.length >= MAX_AUDIO_TRACKS) throw new AppError('AUDIO_TRACK_LIMIT_REACHED')
  return { before, plan }
}

type AddedTrack = Pick<StoredAudioTrack, 'id' | 'name' | 'language' | 'audioDescription'> &
  Required<Pick<StoredAudioTrack, 'added'>>

/** The new track takes the place of the one with its id, else the last one. Players get it when it is encoded. */
export async function addAudioTrack(tx: Tx, video: VideoRow, { name, ...added }: AddedTrack): Promise<void> {
  const { id: videoId, audio_tracks: tracks, facts } = video
  const { before, plan } = assertMayAdd(video, added.id)
  if (!facts) throw new Error('a ready video has no facts')
  if (before) await removeFiles(tx, video, before)
  const others = tracks.filter((track) => track !== before)
  const track: StoredAudioTrack = {
    ...added,
    name: uniqueName(name, others),
    // A silent video begins with what is added to it.
    default: before?.default ?? tracks.length === 0,
    hidden: before?.hidden ?? false,
    channels: 2,
    status: 'processing',
    additional: true,
  }
  await publishAudioTracks(
    tx,
    videoId,
    before ? tracks.map((one) => (one === before ? track : one)) : [...tracks, track],
  )
  const ordinal = await nextOrdinal(tx, videoId, ADDED_AUDIO_ORDINALS)
  await addTasks(tx, videoId, [{ ordinal, ...addedAudioTask(plan, { facts, sourceKey: added.added.key }, track.id) }])
}

export async function removeAudioTrack(tx: Tx, video: VideoRow, track: StoredAudioTrack): Promise<void> {
  await removeFiles(tx, video, track)
  const others = video.audio_tracks.filter((one) => one !== track)
  await publishAudioTracks(tx, video.id, others)
}

/** Its playlist stays, because a track that is added later may have the same id. */
async function removeFiles(
  tx: Tx,
  { id: videoId, project_id: projectId }: VideoRow,
  track: StoredAudioTrack,
): Promise<void> {
  const ordinals = { added: ADDED_AUDIO_ORDINALS, downloads: downloadOrdinalsOf(track) }
  await deleteTasksOfTrack(tx, videoId, track.id, ordinals)
  if (!track.added) return
  const { key, bytes } = track.added
  await queueLateDeletion(tx, { key, folder: false }, { projectId, bytes })
}
