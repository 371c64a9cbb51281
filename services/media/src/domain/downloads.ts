import type { Rung } from '@kinora/common/contracts'
import type { PlannedTask, StoredAudioTrack, VideoPlan } from '../db/stored.ts'
import { audioPlaylist, renditionPlaylist } from './presentation.ts'

/**
 * After all tasks that make a video ready. Each rendition with each audio track has its own ordinal, so a video has one download
 * task for each.
 */
const FIRST_DOWNLOAD_ORDINAL = 1_000_000

/** Ordinals of the downloads with an additional track. */
export function downloadOrdinalsOf({ id }: Pick<StoredAudioTrack, 'id'>): { from: number; to: number } {
  const from = FIRST_DOWNLOAD_ORDINAL + Number(id) * DOWNLOADS_OF_TRACK
  return { from, to: from + DOWNLOADS_OF_TRACK - 1 }
}

/** More than the height of any rendition. */
const DOWNLOADS_OF_TRACK = 100_000

function downloadOrdinal(rung: Rung | undefined, track: StoredAudioTrack | undefined): number {
  const ofTrack = track?.additional ? Number(track.id) * DOWNLOADS_OF_TRACK : 0
  return FIRST_DOWNLOAD_ORDINAL + ofTrack + (rung ? Math.min(rung.width, rung.height) : 0)
}

/**
 * Joins a rendition and an audio track in one file, or puts the track alone into one. `playlistKey` is the folder of the
 * published playlists.
 */
export function downloadTask(
  plan: VideoPlan,
  rung: Rung | undefined,
  track: StoredAudioTrack | undefined,
  playlistKey: string,
): PlannedTask {
  return {
    ordinal: downloadOrdinal(rung, track),
    label: ['download', rung?.name, rung && !track?.additional ? undefined : `audio ${track?.id}`]
      .filter(Boolean)
      .join(' '),
    queue: 'short',
    weight: 1,
    work: {
      kind: 'download',
      pictureKey: rung ? `${playlistKey}/${renditionPlaylist(rung.name)}` : null,
      soundKey: track ? `${playlistKey}/${audioPlaylist(track)}` : null,
      frameCount: plan.frameCount,
    },
  }
}
