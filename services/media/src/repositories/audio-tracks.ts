import type { AudioTrack } from '@kinora/common/contracts'
import type { Tx } from '../db/schema.ts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { markUnpublished } from './publications.ts'

/** Tracks as the owner wants them; published playlists must be written again. */
export async function publishAudioTracks(tx: Tx, videoId: string, tracks: readonly StoredAudioTrack[]): Promise<void> {
  await setAudioTracks(tx, videoId, tracks)
  await markUnpublished(tx, videoId)
}

async function setAudioTracks(tx: Tx, videoId: string, tracks: readonly StoredAudioTrack[]): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ audio_tracks: JSON.stringify(tracks) })
    .where('id', '=', videoId)
    .execute()
}

/** For a video whose row is locked. */
export async function setAudioTrackStatus(
  tx: Tx,
  videoId: string,
  trackIds: readonly string[],
  status: AudioTrack['status'],
): Promise<void> {
  const query = tx.selectFrom('videos').select('audio_tracks').where('id', '=', videoId)
  const { audio_tracks: tracks } = await query.executeTakeFirstOrThrow()
  const changes = (track: StoredAudioTrack) => trackIds.includes(track.id) && track.status !== status
  if (!tracks.some(changes)) return
  const changed = tracks.map((track) => (changes(track) ? { ...track, status } : track))
  await setAudioTracks(tx, videoId, changed)
}
