import type { Rung } from '@kinora/common/contracts'
import type { PlannedTask, VideoPlan } from './plan.ts'
import { AUDIO_PLAYLIST } from './playlists.ts'

/** Behind all that makes a video ready. Each rendition has its own place, so a video has one such task for each. */
const FIRST_DOWNLOAD_ORDINAL = 1_000_000

function downloadOrdinal({ width, height }: Rung): number {
  return FIRST_DOWNLOAD_ORDINAL + Math.min(width, height)
}

/** Puts a rendition and the sound into one file. `playlistKey` is the folder of the published playlists. */
export function downloadTask(plan: VideoPlan, rung: Rung, playlistKey: string): PlannedTask {
  return {
    ordinal: downloadOrdinal(rung),
    label: `download ${rung.name}`,
    queue: 'short',
    weight: 1,
    work: {
      kind: 'download',
      pictureKey: `${playlistKey}/${rung.name}.m3u8`,
      soundKey: plan.hasAudio ? `${playlistKey}/${AUDIO_PLAYLIST}` : null,
      frameCount: plan.frameCount,
    },
  }
}
