import type { AudioTrack } from '@kinora/common/contracts'
import { keys } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Tx } from '../db/schema.ts'
import type { StoredAudioTrack } from '../db/stored.ts'
import { queueLateDeletion } from './deletions.ts'
import { markUnpublished } from './publications.ts'
import { findFolder } from './videos.ts'

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

interface OrdinalRange {
  from: number
  to: number
}

/** A free ordinal of the range. For a video whose row is locked. */
export async function nextOrdinal(tx: Tx, videoId: string, { from, to }: OrdinalRange): Promise<number> {
  const { last } = await tx
    .selectFrom('tasks')
    .select((eb) => eb.fn.max('ordinal').as('last'))
    .where('video_id', '=', videoId)
    .where('ordinal', '>=', from)
    .where('ordinal', '<=', to)
    .executeTakeFirstOrThrow()
  return last === null ? from : last + 1
}

/**
 * Removes the tasks that have encoded an added track, and those of downloads with it. What they have written is deleted late:
 * players may have just read playlists that name it, and an attempt may still be writing.
 */
export async function deleteTasksOfTrack(
  tx: Tx,
  videoId: string,
  trackId: string,
  { added, downloads }: { added: OrdinalRange; downloads: OrdinalRange },
): Promise<void> {
  const rows = await tx
    .deleteFrom('tasks')
    .where('video_id', '=', videoId)
    .where((eb) =>
      eb.or([
        eb.and([
          eb('ordinal', '>=', added.from),
          eb('ordinal', '<=', added.to),
          eb(sql<string>`params->>'track'`, '=', trackId),
        ]),
        eb.and([eb('ordinal', '>=', downloads.from), eb('ordinal', '<=', downloads.to)]),
      ]),
    )
    .returning(['id', 'attempt'])
    .execute()
  const folder = await findFolder(tx, videoId)
  for (const { id, attempt: last } of rows) {
    for (let attempt = 1; attempt <= last; attempt += 1) {
      await queueLateDeletion(tx, { key: keys.attempt(folder, id, attempt), folder: true })
    }
  }
}
