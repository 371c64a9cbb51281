import { keys } from '@kinora/common/storage'
import { sql } from 'kysely'
import type { Tx, VideoRow } from '../db/schema.ts'
import type { StoredCaptions, StoredChapters } from '../db/stored.ts'
import { captionsFile, captionsPlaylist, chaptersKey } from '../domain/timed-text.ts'
import { folderOf } from '../domain/video-facts.ts'
import { queueLateDeletion } from './deletions.ts'

/** Deletes the files late: published playlists name them until they are rewritten, and players may have just read those. */
export async function retireCaptions(tx: Tx, video: VideoRow, { id, bytes = 0 }: StoredCaptions): Promise<void> {
  const [folder, projectId] = [folderOf(video), video.project_id]
  await queueLateDeletion(tx, { key: keys.playlist(folder, captionsPlaylist(id)), folder: false })
  await queueLateDeletion(tx, { key: keys.playlist(folder, captionsFile(id)), folder: false }, { projectId, bytes })
}

export async function retireChapters(tx: Tx, video: VideoRow, chapters: StoredChapters): Promise<void> {
  await queueLateDeletion(tx, { key: chaptersKey(folderOf(video), chapters), folder: false })
}

/** Published playlists must be written again. */
const REPUBLISH = sql<boolean>`republish or material_published > 0`

export async function setCaptions(tx: Tx, videoId: string, captions: readonly StoredCaptions[]): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ captions: JSON.stringify(captions), republish: REPUBLISH })
    .where('id', '=', videoId)
    .execute()
}

/** Chapters set by the owner; from then on those of the source are ignored. */
export async function setChapters(tx: Tx, videoId: string, chapters: StoredChapters | null): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ chapters: chapters && JSON.stringify(chapters), chapters_of_owner: true, republish: REPUBLISH })
    .where('id', '=', videoId)
    .execute()
}

/** Chapters of the source, set before anything is published; ignored when the owner has set or deleted chapters. */
export async function setSourceChapters(tx: Tx, videoId: string, chapters: StoredChapters): Promise<void> {
  await tx
    .updateTable('videos')
    .set({ chapters: JSON.stringify(chapters) })
    .where('id', '=', videoId)
    .where('chapters_of_owner', '=', false)
    .execute()
}
